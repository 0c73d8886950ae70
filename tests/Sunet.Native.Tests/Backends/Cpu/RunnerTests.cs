using System.Globalization;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Backends.Cpu.Threads;
using Sunet.Native.Inference;
using Sunet.Native.Interop.Cpu;
using Sunet.Native.Models;
using Sunet.Native.Tensors;
using Sunet.Native.Tests.Facade;

namespace Sunet.Native.Tests.Backends.Cpu;

/// <summary>Native work runs on threads of the backend's, however many threads ask for it.</summary>
public sealed class RunnerTests
{
    private const int Callers = 60, Most = 10;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(8, false)]
    [InlineData(8, true)]
    [InlineData(1, true)]
    public void Segment_SixtyCallers_AddTheBackendsThreadsOnly(int threads, bool predictorEach)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux lists the threads of a process.");
        using var backend = new CpuBackend(threads);
        SunetModel model = SunetModel.Create(SmallModel.Spec);
        using var shared = new Predictor(model, new PredictorOptions { Concurrency = 1 }, backend);
        HashSet<string> before = [];
        int added = 0;
        using var met = new Barrier(Callers, barrier =>
        {
            // All callers are here, which makes what they left behind stay: OpenMP's threads end with their caller.
            if (barrier.CurrentPhaseNumber == 0)
                before = NativeThreads();
            else
                added = NativeThreads().Except(before).Count();
        });
        Together(() =>
        {
            Assert.True(met.SignalAndWait(Patience));
            using Predictor? own = predictorEach ? new Predictor(model, new PredictorOptions(), backend) : null;
            (own ?? shared).Segment(new Rgb[32, 32], new byte[32, 32]);
            Assert.True(met.SignalAndWait(Patience));
        });
        Assert.InRange(added, 1, threads + Most);
    }

    [Fact]
    public void Perform_MoreCallersThanRunners_RunsAsManyAtATimeAsThereAre()
    {
        using var runners = new CpuRunners(most: 2, threads: 1);
        using var both = new Barrier(2);
        int running = 0, most = 0, done = 0;
        Together(() => runners.Perform(() =>
        {
            int now = Interlocked.Increment(ref running);
            InterlockedMax(ref most, now);
            Assert.True(both.SignalAndWait(Patience));
            Interlocked.Decrement(ref running);
            Interlocked.Increment(ref done);
        }));
        Assert.Equal((2, Callers), (most, done));
    }

    [Fact]
    public void Perform_WorkThatFails_ThrowsToItsCallerAndLeavesTheRunner()
    {
        using var runners = new CpuRunners(most: 1, threads: 1);
        int first = 0, second = 0;
        var failure = Assert.Throws<DataException>(() => runners.Perform(() =>
        {
            first = Environment.CurrentManagedThreadId;
            throw new DataException("Planted.");
        }));
        Assert.Equal("Planted.", failure.Message);
        runners.Perform(() => second = Environment.CurrentManagedThreadId);
        Assert.Equal(first, second);
        Assert.NotEqual(Environment.CurrentManagedThreadId, second);
    }

    [Fact]
    public void Perform_WithinWork_RunsOnTheSameThread()
    {
        using var runners = new CpuRunners(most: 1, threads: 1);
        int outer = 0, inner = -1;
        runners.Perform(() =>
        {
            outer = Environment.CurrentManagedThreadId;
            runners.Perform(() => inner = Environment.CurrentManagedThreadId);
        });
        Assert.Equal(outer, inner);
    }

    [Fact]
    public void Perform_CallerInterrupted_ReturnsWhenTheWorkIsDone()
    {
        using var runners = new CpuRunners(most: 1, threads: 1);
        using ManualResetEventSlim inside = new(), release = new();
        bool done = false, doneOnReturn = false, interrupted = false;
        var caller = new Thread(() =>
        {
            runners.Perform(() =>
            {
                inside.Set();
                release.Wait(Patience);
                done = true;
            });
            doneOnReturn = done;
            interrupted = Record.Exception(() => Thread.Sleep(Patience)) is ThreadInterruptedException;
        });
        caller.Start();
        Assert.True(inside.Wait(Patience, TestContext.Current.CancellationToken));
        caller.Interrupt();
        release.Set();
        Assert.True(caller.Join(Patience));
        Assert.True(doneOnReturn);
        Assert.True(interrupted, "The interruption was lost.");
    }

    [Fact]
    public void Perform_CallersOwnContext_DoesNotStayWithTheRunner()
    {
        var context = new AsyncLocal<string> { Value = "of the first caller" };
        using var runners = new CpuRunners(most: 1, threads: 1);
        string? seen = null;
        runners.Perform(() => seen = context.Value);
        Assert.Null(seen);
    }

    [Fact]
    public async Task Dispose_WhileWorkRuns_WaitsForItAndRefusesLaterWork()
    {
        var runners = new CpuRunners(most: 1, threads: 1);
        using ManualResetEventSlim inside = new(), release = new();
        bool done = false;
        var caller = new Thread(() => runners.Perform(() =>
        {
            inside.Set();
            release.Wait(Patience);
            done = true;
        }));
        caller.Start();
        Assert.True(inside.Wait(Patience, TestContext.Current.CancellationToken));
        Task disposing = Task.Run(runners.Dispose, TestContext.Current.CancellationToken);
        Assert.False(SpinWait.SpinUntil(() => disposing.IsCompleted, 50), "Dispose went on while work was running.");
        release.Set();
        await disposing.WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.True(done);
        Assert.Throws<ObjectDisposedException>(() => runners.Perform(() => { }));
        Assert.True(caller.Join(Patience));
    }

    [Fact]
    public void Dispose_BackendThatRan_EndsItsThreads()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux lists the threads of a process.");
        const int Threads = 8;
        HashSet<string> before = NativeThreads(), during;
        using (var backend = new CpuBackend(Threads))
        {
            using var predictor = new Predictor(SunetModel.Create(SmallModel.Spec), new PredictorOptions(), backend);
            predictor.Segment(new Rgb[32, 32], new byte[32, 32]);
            during = NativeThreads();
        }

        during.ExceptWith(before);
        Assert.True(during.Count >= Threads, $"{during.Count} threads were added.");

        // OpenMP's threads are told to end with the runner they belong to; the system takes them off its list a moment later.
        Assert.True(SpinWait.SpinUntil(() => during.Intersect(NativeThreads()).Count() <= during.Count - Threads, Patience));
    }

    [Theory]
    [InlineData("1", 1)]
    [InlineData(" 1,4 ", 1)]
    [InlineData("1000000", null)]
    [InlineData("0", null)]
    [InlineData("-1", null)]
    [InlineData("all", null)]
    [InlineData("", null)]
    public void DefaultThreads_OmpNumThreads_AreItsNumberWhereThereAreAsManyProcessors(string variable, int? expected)
    {
        NativeRuntimeInfo runtime = NativeRuntime.Query();
        Assert.Equal(expected ?? runtime.MaxThreads, runtime.ThreadsFor(variable));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(CpuOptions.MaxThreads + 1)]
    [InlineData(int.MaxValue)]
    public void CpuBackend_ThreadsOutOfRange_AreRefused(int threads)
    {
        string message = Assert.Throws<ConfigurationException>(() => new CpuBackend(threads)).Message;
        Assert.Contains(threads.ToString(CultureInfo.InvariantCulture), message, StringComparison.Ordinal);
    }

    private static void Together(Action body)
    {
        var failures = new List<Exception>();
        Thread[] callers = [.. Enumerable.Range(0, Callers).Select(_ => new Thread(() =>
        {
            if (Record.Exception(body) is { } failure)
            {
                lock (failures)
                    failures.Add(failure);
            }
        }))];
        Array.ForEach(callers, c => c.Start());
        Array.ForEach(callers, c => c.Join());
        Assert.Empty(failures);
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (int seen = target; seen < value; seen = target)
            Interlocked.CompareExchange(ref target, value, seen);
    }

    private static HashSet<string> NativeThreads() =>
        [.. Directory.GetDirectories($"/proc/{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}/task")];
}
