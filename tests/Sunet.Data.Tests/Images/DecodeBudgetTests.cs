using Sunet.Data.Images;

namespace Sunet.Data.Tests.Images;

public sealed class DecodeBudgetTests
{
    [Fact]
    public void Take_ByManyThreads_NeverExceedsTheBudget()
    {
        const int Threads = 8, Rounds = 200;
        var budget = new DecodeBudget(100, Threads);
        int over = 0, inside = 0;
        Run(Threads, number =>
        {
            for (int i = 0; i < Rounds; i++)
            {
                budget.Take(40, isDecoding: false);
                if (Interlocked.Increment(ref inside) > 2 || budget.Used > 100)
                    Interlocked.Increment(ref over);
                Thread.Yield();
                Interlocked.Decrement(ref inside);
                budget.Return(40);
            }
        });
        Assert.Equal((0, 0), (over, budget.Used));
    }

    [Fact]
    public void Take_MoreThanTheBudget_IsAloneWithIt()
    {
        const int Threads = 4, Rounds = 50;
        var budget = new DecodeBudget(100, Threads);
        int inside = 0, together = 0;
        Run(Threads, number =>
        {
            for (int i = 0; i < Rounds; i++)
            {
                budget.Take(1000, isDecoding: false);
                if (Interlocked.Increment(ref inside) > 1)
                    Interlocked.Increment(ref together);
                Thread.Yield();
                Interlocked.Decrement(ref inside);
                budget.Return(1000);
            }
        });
        Assert.Equal((0, 0), (together, budget.Used));
    }

    [Fact]
    public void Take_MoreWhileOthersWaitForMore_DoesNotWaitForEver()
    {
        var budget = new DecodeBudget(100, 3);
        using var all = new Barrier(3);
        Run(3, number =>
        {
            budget.Take(30, isDecoding: false);
            all.SignalAndWait();
            budget.Take(90, isDecoding: true);
            budget.Return(120);
        });
        Assert.Equal(0, budget.Used);
    }

    [Fact]
    public void Return_LargeImage_GivesItsMemoryUpAndASmallOneKeepsIt()
    {
        var budget = new DecodeBudget(8000, 4);
        var scratch = new DecodeScratch(budget);
        var buffers = new SampleBuffers(scratch);
        scratch.Take(900);
        buffers.Return();
        Assert.Equal(900, budget.Used);
        scratch.Take(500);
        Assert.Equal(900, budget.Used);
        scratch.Take(5000);
        Assert.Equal(5000, budget.Used);
        buffers.Return();
        Assert.Equal(0, budget.Used);
        buffers.Return();
        Assert.Equal(0, budget.Used);
    }

    private static void Run(int threads, Action<int> work)
    {
        Thread[] all = [.. Enumerable.Range(0, threads).Select(number => new Thread(() => work(number)) { IsBackground = true })];
        foreach (Thread thread in all)
            thread.Start();
        foreach (Thread thread in all)
            Assert.True(thread.Join(TimeSpan.FromMinutes(1)), "A thread waits for ever.");
    }
}
