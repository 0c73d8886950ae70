namespace Sunet.Architecture.Tests.Fixtures;

internal sealed partial class Uses
{
    public static int Constant() => Used.Limit;
}
