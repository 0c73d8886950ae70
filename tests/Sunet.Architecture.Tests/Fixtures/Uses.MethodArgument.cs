namespace Sunet.Architecture.Tests.Fixtures;

internal sealed partial class Uses
{
    public static object MethodArgument() => Enumerable.Empty<Used>();
}
