using CommunityToolkit.HighPerformance;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Compilation;
using Sunet.Native.Inference;
using Sunet.Native.Models;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;
using Sunet.Native.Tests.Facade;
using Sunet.Native.Tests.Inference.Streams;
using Sunet.Native.Tests.Models;

namespace Sunet.Native.Tests.Inference;

/// <summary>Which sizes a predictor keeps compiled, told from the ops that its backend is asked to prepare.</summary>
public sealed class PlanCacheTests : IDisposable
{
    private const long Plenty = 1L << 40;
    private readonly CpuBackend cpu = new(threads: 1);
    private readonly SunetModel model = SunetModel.Create(SunetSpecTests.Tiny, seed: 5);

    public void Dispose() => cpu.Dispose();

    [Theory]
    [InlineData(Plenty, 3)]
    [InlineData(0, 5)]
    public void Segment_SizesThatComeAgain_AreCompiledAgainOnlyWithoutRoom(long cacheBytes, int expected)
    {
        int compiled = 0;
        using var backend = Counting(() => compiled++);
        using var predictor = new Predictor(model, new PredictorOptions { CacheBytes = cacheBytes }, backend);
        foreach (int width in new[] { 40, 40, 48, 40, 40, 56, 48, 48 })
            Segment(predictor, width);
        Assert.Equal(expected, compiled);
    }

    [Fact]
    public async Task WarmUpStream_BeforeAStream_CompilesAllThatItNeeds()
    {
        int compiled = 0;
        using var two = new CpuBackend(threads: 2);
        using var backend = new FaultyBackend(two)
        {
            Batching = two.Batching,
            Replace = (op, call) =>
            {
                if (op is ArgMax)
                    Interlocked.Increment(ref compiled);
                return call;
            },
        };
        using var predictor = new Predictor(model, new PredictorOptions(), backend);
        predictor.WarmUpStream(40, 48, TestContext.Current.CancellationToken);
        Assert.Equal(2, compiled);
        await StreamImages.All(predictor.SegmentMany(StreamImages.Stream(StreamImages.Make(6, (40, 48)))));
        Assert.Equal(2, compiled);
    }

    [Fact]
    public void Segment_BeyondTheBytes_FreesTheSizeUsedLongestAgo()
    {
        int compiled = 0;
        using var backend = Counting(() => compiled++);
        using var predictor = new Predictor(model, new PredictorOptions { CacheBytes = BytesOf(40) + BytesOf(56) }, backend);
        foreach (int width in new[] { 40, 48, 40, 56 })
            Segment(predictor, width);
        Assert.Equal(3, compiled);
        Segment(predictor, 40);
        Assert.Equal(3, compiled);
        Segment(predictor, 48);
        Assert.Equal(4, compiled);
    }

    [Fact]
    public void Segment_WhereMemoryIsShort_TakesThatOfIdleSizes()
    {
        int compiled = 0;
        bool isShort = false;
        using var backend = new FaultyBackend(cpu)
        {
            Replace = (op, call) =>
            {
                compiled += op is ArgMax ? 1 : 0;
                return call;
            },
            Available = () =>
            {
                long available = isShort ? 1 : Plenty;
                isShort = false;
                return available;
            },
        };
        using var predictor = new Predictor(model, new PredictorOptions { CacheBytes = Plenty }, backend);
        Segment(predictor, 40);
        isShort = true;
        Segment(predictor, 48);
        Assert.Equal(2, compiled);
        Segment(predictor, 40);
        Assert.Equal(3, compiled);

        // Memory that is short without idle sizes, too, is short.
        using var small = new FaultyBackend(cpu) { Available = () => 1 };
        using var refused = new Predictor(model, new PredictorOptions(), small);
        Assert.Throws<MemoryException>(() => Segment(refused, 40));
    }

    [Fact]
    public async Task Segment_WhileAnotherSizeIsCompiled_IsNotHeldUp()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        using var begun = new SemaphoreSlim(0);
        using var end = new SemaphoreSlim(0);
        using var backend = new FaultyBackend(cpu)
        {
            Opening = graph =>
            {
                if (!graph.Ops.OfType<ArgMax>().Any(a => a.X.Shape.Width == 40))
                    return;
                begun.Release();
                end.Wait(cancellation);
            },
        };
        using var predictor = new Predictor(model, new PredictorOptions { Concurrency = 2 }, backend);
        Task held = Task.Run(() => Segment(predictor, 40), cancellation);
        Assert.True(await begun.WaitAsync(TimeSpan.FromMinutes(1), cancellation));
        Segment(predictor, 48);
        Assert.False(held.IsCompleted);
        end.Release();
        await held;
    }

    private static void Segment(Predictor predictor, int width) => predictor.Segment(new Rgb[40, width], new byte[40, width]);

    private FaultyBackend Counting(Action compiled) => new(cpu)
    {
        Replace = (op, call) =>
        {
            if (op is ArgMax)
                compiled();
            return call;
        },
    };

    private long BytesOf(int width)
    {
        using var weights = new WeightStore(cpu);
        using var plan = new PredictionPlan(
            model, new Shape(1, 3, 40, width), [1.0], false, PredictionKind.Labels, 1, cpu, weights, CancellationToken.None);
        return plan.Bytes;
    }
}
