namespace Sunet.Architecture.Tests.Fixtures;

internal sealed partial class Uses
{
    public static object TypeArgument() => new Dictionary<string, List<Used>>();
}
