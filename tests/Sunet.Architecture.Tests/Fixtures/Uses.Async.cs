namespace Sunet.Architecture.Tests.Fixtures;

internal sealed partial class Uses
{
    public static async Task<int> Async(Task task)
    {
        await task;
        return Used.Count;
    }
}
