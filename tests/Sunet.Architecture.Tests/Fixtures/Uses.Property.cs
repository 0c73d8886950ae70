namespace Sunet.Architecture.Tests.Fixtures;

internal sealed partial class Uses
{
    public Used? Property { get; init; }
}
