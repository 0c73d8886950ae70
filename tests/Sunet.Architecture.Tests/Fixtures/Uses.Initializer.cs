namespace Sunet.Architecture.Tests.Fixtures;

internal sealed partial class Uses
{
    internal readonly int _initializer = Used.Echo(2);
}
