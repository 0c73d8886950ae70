namespace Sunet.Architecture.Tests.Fixtures;

internal sealed partial class Uses
{
    internal sealed class Nested;
}
