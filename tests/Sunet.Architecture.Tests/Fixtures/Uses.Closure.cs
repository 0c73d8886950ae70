namespace Sunet.Architecture.Tests.Fixtures;

internal sealed partial class Uses
{
    public static Func<int> Closure(int captured) => () => Used.Echo(captured);
}
