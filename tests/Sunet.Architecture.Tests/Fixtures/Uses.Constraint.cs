namespace Sunet.Architecture.Tests.Fixtures;

internal sealed partial class Uses
{
    public static int Constraint<T>()
        where T : Used => 0;
}
