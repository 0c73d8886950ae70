namespace Sunet.Architecture.Tests.Fixtures;

internal sealed partial class Uses
{
    [Used(typeof(List<UsedKind>))]
    public static int Attribute() => 0;
}
