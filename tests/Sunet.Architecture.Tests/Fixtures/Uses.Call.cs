namespace Sunet.Architecture.Tests.Fixtures;

internal sealed partial class Uses
{
    public static int Call() => Used.Count;
}
