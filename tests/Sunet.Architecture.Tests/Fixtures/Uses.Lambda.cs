namespace Sunet.Architecture.Tests.Fixtures;

internal sealed partial class Uses
{
    public static Func<int> Lambda() => () => Used.Count;
}
