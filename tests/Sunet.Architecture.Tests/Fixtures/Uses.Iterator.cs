namespace Sunet.Architecture.Tests.Fixtures;

internal sealed partial class Uses
{
    public static IEnumerable<int> Iterator()
    {
        yield return Used.Count;
    }
}
