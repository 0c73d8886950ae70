namespace Sunet.Architecture.Tests.Fixtures;

internal sealed partial class Uses
{
    public static void Catch(Action action)
    {
        try
        {
            action();
        }
        catch (UsedException)
        {
        }
    }
}
