using System.Collections.Concurrent;
using CommunityToolkit.HighPerformance;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Inference;
using Sunet.Native.Inference.Streams;
using Sunet.Native.Models;
using Sunet.Native.Tensors;
using Sunet.Native.Tests.Facade;

namespace Sunet.Native.Tests.Inference.Streams;

/// <summary>A stream gives every image its result: the bits of one call, in order or as they come, whatever happens to others.</summary>
public sealed class SegmentManyTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly (int H, int W)[] Sizes = [(40, 64), (64, 40), (33, 47)];
    private readonly CpuBackend backend = new(threads: 2);
    private readonly SunetModel model = CountTests.Balanced();

    public void Dispose() => backend.Dispose();

    [Theory]
    [InlineData(1, 1, 0, true, 1)]
    [InlineData(1, 2, 0, true, 3)]
    [InlineData(1, 3, 9, false, 3)]
    [InlineData(1, 2, 1, true, 3)]
    [InlineData(4, 2, 0, true, 1)]
    [InlineData(4, 2, 5, false, 3)]
    [InlineData(3, 1, 2, true, 2)]
    public async Task SegmentMany_AnyBatches_GivesEveryImageItsOwnBits(int batch, int concurrency, int capacity, bool inOrder, int sizes)
    {
        using var predictor = new Predictor(model, new PredictorOptions(), backend);
        ImageRequest[] images = StreamImages.Make(23, Sizes[..sizes]);
        byte[][] alone = StreamImages.Alone(predictor, images);
        var options = new StreamOptions { BatchSize = batch, Concurrency = concurrency, Capacity = capacity, InOrder = inOrder };
        List<ImageResult> results = await StreamImages.All(predictor.SegmentMany(StreamImages.Stream(images), options, Token));

        Assert.All(results, r => Assert.Null(r.Failure));
        Assert.All(results, r => Assert.Same(images[r.Index], r.Request));
        IEnumerable<long> indices = results.Select(r => r.Index);
        Assert.Equal(Enumerable.Range(0, images.Length).Select(i => (long)i), inOrder ? indices : indices.Order());
        Assert.All(images.Zip(alone), pair => Assert.Equal(pair.Second, StreamImages.Labels(pair.First)));
        Assert.True(alone.DistinctBy(Convert.ToHexString).Count() > sizes, "The images' labels are too alike to tell images apart.");
    }

    [Theory]
    [InlineData(2.0, false, 0, 0)]
    [InlineData(1.0, true, 0, 0)]
    [InlineData(1.0, false, 64, 0)]
    [InlineData(1.0, false, 0, 64)]
    public async Task SegmentMany_EveryStrategy_GivesTheBitsOfSegment(double scale, bool flip, int tile, int crop)
    {
        var options = new PredictorOptions { Scales = [scale], Flip = flip, TileSize = tile, TileOverlap = tile / 4, CropSize = crop };
        using var predictor = new Predictor(model, options, backend);
        ImageRequest[] images = StreamImages.Make(5, (80, 100), (96, 70));
        byte[][] alone = StreamImages.Alone(predictor, images);
        await StreamImages.All(predictor.SegmentMany(StreamImages.Stream(images), new StreamOptions { BatchSize = 4 }, Token));
        Assert.All(images.Zip(alone), pair => Assert.Equal(pair.Second, StreamImages.Labels(pair.First)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task SegmentMany_RowsApart_ReadsAndWritesWhereTheyLie(int batch)
    {
        using var predictor = new Predictor(model, new PredictorOptions(), backend);
        var wide = new Rgb[64, 100];
        CountTests.Image(40, 64).AsSpan2D().CopyTo(wide.AsSpan2D(12, 30, 40, 64));
        var labels = new byte[50, 90];
        labels.AsSpan2D().Fill(77);
        var request = new ImageRequest
        {
            Image = new ReadOnlyMemory2D<Rgb>(wide).Slice(12, 30, 40, 64), Labels = new Memory2D<byte>(labels).Slice(5, 9, 40, 64),
        };
        await StreamImages.All(predictor.SegmentMany(StreamImages.Stream([request]), new StreamOptions { BatchSize = batch }, Token));
        Assert.Equal(StreamImages.Alone(predictor, [request])[0], StreamImages.Labels(request));
        Assert.Equal((50 * 90) - (40 * 64), labels.Cast<byte>().Count(l => l == 77));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task SegmentMany_ImagesThatFail_FailAlone(bool inOrder)
    {
        using var faulty = new FaultyBackend(backend)
        {
            Replace = (op, call) => op.Output.Shape is { Rank: 4, Width: 47 } ? throw new BackendException("It is broken.", "none") : call,
        };
        using var predictor = new Predictor(model, new PredictorOptions(), faulty);
        ImageRequest[] images = StreamImages.Make(9, Sizes);
        images[1].Labels = new byte[3, 3];
        images[4] = new ImageRequest { Image = default, Labels = default };
        List<ImageResult> results = await StreamImages.All(
            predictor.SegmentMany(StreamImages.Stream(images), new StreamOptions { InOrder = inOrder }, Token));

        ImageResult[] byIndex = [.. results.OrderBy(r => r.Index)];
        Assert.Equal(9, byIndex.Length);
        Assert.Equal([1L, 2L, 4L, 5L, 8L], byIndex.Where(r => r.Failure is not null).Select(r => r.Index));
        Assert.IsType<ArgumentException>(byIndex[1].Failure);
        Assert.IsType<ArgumentException>(byIndex[4].Failure);
        Assert.All([2, 5, 8], i => Assert.IsType<BackendException>(byIndex[i].Failure));
        Assert.Throws<BackendException>(() => byIndex[2].ThrowIfFailed());
    }

    [Fact]
    public async Task SegmentMany_SourceThrows_GivesTheResultsBeforeItFirst()
    {
        using var predictor = new Predictor(model, new PredictorOptions(), backend);
        ImageRequest[] images = StreamImages.Make(5, Sizes);
        var seen = new List<long>();
        var thrown = await Assert.ThrowsAsync<DataException>(async () =>
        {
            IAsyncEnumerable<ImageRequest> source = StreamImages.Stream(
                images, taken => _ = taken < 3 ? taken : throw new DataException("The camera is gone.", "camera"));
            await foreach (ImageResult result in predictor.SegmentMany(source, cancellation: Token))
                seen.Add(result.Index);
        });
        Assert.Equal("The camera is gone.", thrown.Message);
        Assert.Equal([0L, 1L, 2L], seen);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task SegmentMany_Cancelled_GivesWhatIsFinishedAndNothingTwice(bool inOrder)
    {
        using var predictor = new Predictor(model, new PredictorOptions(), backend);
        ImageRequest[] images = StreamImages.Make(60, Sizes);
        byte[][] alone = StreamImages.Alone(predictor, images);
        using var cancelling = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var seen = new List<ImageResult>();
        int taken = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            IAsyncEnumerable<ImageRequest> source = StreamImages.Stream(images, _ => taken++);
            var options = new StreamOptions { InOrder = inOrder, Capacity = 12 };
            await foreach (ImageResult result in predictor.SegmentMany(source, options, cancelling.Token))
            {
                seen.Add(result);
                if (seen.Count == 7)
                    await cancelling.CancelAsync();
            }
        });
        Assert.InRange(seen.Count, 7, 20);
        Assert.InRange(taken, seen.Count, 20);
        Assert.Equal(seen.Count, seen.Select(r => r.Index).Distinct().Count());
        Assert.All(seen, r => Assert.Null(r.Failure));
        Assert.All(seen, r => Assert.Equal(alone[r.Index], StreamImages.Labels(r.Request)));
    }

    [Fact]
    public async Task SegmentMany_ConsumerLeaves_EndsTheSourceAndTouchesNoMemoryAfterwards()
    {
        using var predictor = new Predictor(model, new PredictorOptions(), backend);
        ImageRequest[] images = StreamImages.Make(50, Sizes);
        int taken = 0;
        await foreach (ImageResult result in predictor.SegmentMany(
            StreamImages.Stream(images, _ => taken++), new StreamOptions { Capacity = 8 }, Token))
        {
            if (result.Index == 3)
                break;
        }

        Assert.InRange(taken, 4, 13);
        int after = taken;
        foreach (ImageRequest image in images)
            image.Labels.Span.Fill(99);
        await Task.Delay(50, Token);
        Assert.Equal(after, taken);
        Assert.All(images, image => Assert.All(StreamImages.Labels(image), label => Assert.Equal(99, label)));
    }

    [Fact]
    public async Task SegmentMany_SlowConsumer_TakesNoMoreThanTheCapacity()
    {
        using var predictor = new Predictor(model, new PredictorOptions(), backend);
        int taken = 0, given = 0;
        await foreach (ImageResult result in predictor.SegmentMany(
            StreamImages.Stream(StreamImages.Make(30, Sizes), _ => Interlocked.Increment(ref taken)), new StreamOptions { Capacity = 5 },
            Token))
        {
            given++;
            await Task.Delay(5, Token);
            Assert.InRange(Volatile.Read(ref taken), given, given + 5);
        }

        Assert.Equal(30, given);
    }

    [Fact]
    public async Task SegmentMany_BatchThatDoesNotFill_RunsAfterTheDelay()
    {
        using var predictor = new Predictor(model, new PredictorOptions(), backend);
        var more = new TaskCompletionSource();
        ImageRequest[] images = StreamImages.Make(3, Sizes[..1]);
        async IAsyncEnumerable<ImageRequest> Slow()
        {
            yield return images[0];
            yield return images[1];
            await more.Task.WaitAsync(Patience);
            yield return images[2];
        }

        var options = new StreamOptions { BatchSize = 8, FlushDelay = TimeSpan.FromMilliseconds(20) };
        var seen = new List<long>();
        await foreach (ImageResult result in predictor.SegmentMany(Slow(), options, Token))
        {
            seen.Add(result.Index);
            if (seen.Count == 2)
                more.SetResult();
        }

        Assert.Equal([0L, 1L, 2L], seen);
    }

    [Fact]
    public async Task Dispose_DuringAStream_EndsTheBatchesThatRunAndRefusesTheRest()
    {
        var predictor = new Predictor(model, new PredictorOptions(), backend);
        ImageRequest[] images = StreamImages.Make(40, Sizes);
        byte[][] alone = StreamImages.Alone(predictor, images);
        var results = new List<ImageResult>();
        await foreach (ImageResult result in predictor.SegmentMany(StreamImages.Stream(images), cancellation: Token))
        {
            results.Add(result);
            if (results.Count == 3)
                predictor.Dispose();
        }

        Assert.Equal(40, results.Count);
        Assert.All(results, r => Assert.True(r.Failure is null or ObjectDisposedException, $"{r.Failure}"));
        Assert.Contains(results, r => r.Failure is ObjectDisposedException);
        Assert.All(results.Where(r => r.Failure is null), r => Assert.Equal(alone[r.Index], StreamImages.Labels(r.Request)));
        Assert.Throws<ObjectDisposedException>(() => predictor.SegmentMany(StreamImages.Stream(images)));
    }

    [Fact]
    public async Task SegmentMany_SeveralStreamsAtATime_KeepApart()
    {
        using var predictor = new Predictor(model, new PredictorOptions(), backend);
        ImageRequest[][] streams = [.. Enumerable.Range(0, 4).Select(i => StreamImages.Make(12 + i, Sizes))];
        byte[][] alone = StreamImages.Alone(predictor, streams[3]);
        await Task.WhenAll(streams.Select(images => StreamImages.All(predictor.SegmentMany(StreamImages.Stream(images)))));
        Assert.All(streams, images => Assert.All(
            images.Select((image, i) => (image, i)), p => Assert.Equal(alone[p.i], StreamImages.Labels(p.image))));
    }

    [Theory]
    [InlineData(-1, 0, 0, 0.0)]
    [InlineData(0, -1, 0, 0.0)]
    [InlineData(0, 0, -1, 0.0)]
    [InlineData(0, 0, 0, -1.0)]
    [InlineData(4097, 0, 0, 0.0)]
    [InlineData(0, 0, 0, 3601.0)]
    public void SegmentMany_OptionOutOfRange_IsRefused(int batch, int concurrency, int capacity, double delay)
    {
        using var predictor = new Predictor(model, new PredictorOptions(), backend);
        var options = new StreamOptions
        {
            BatchSize = batch, Concurrency = concurrency, Capacity = capacity, FlushDelay = TimeSpan.FromSeconds(delay),
        };
        Assert.Throws<ConfigurationException>(() => predictor.SegmentMany(StreamImages.Stream([]), options));
    }

    [Fact]
    public async Task SegmentMany_NoImages_EndsAtOnce()
    {
        using var predictor = new Predictor(model, new PredictorOptions(), backend);
        Assert.Empty(await StreamImages.All(predictor.SegmentMany(StreamImages.Stream([]), cancellation: Token)));
    }

    [Fact]
    public async Task SegmentMany_SeenSizes_AllocatesNothingForAnImage()
    {
        using var predictor = new Predictor(model, new PredictorOptions(), backend);
        ImageRequest[] images = StreamImages.Make(12, Sizes);
        async Task<long> Allocated(int rounds)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            await foreach (ImageResult result in predictor.SegmentMany(StreamImages.Again(images, rounds * images.Length)))
                result.ThrowIfFailed();
            return GC.GetTotalAllocatedBytes(precise: true) - before;
        }

        for (int i = 0; i < 10; i++)
            await Allocated(10);

        // Other threads of the process allocate now and then; what an image allocates shows every time.
        var differences = new ConcurrentBag<long>();
        for (int i = 0; i < 8; i++)
            differences.Add(Math.Abs(await Allocated(40) - await Allocated(10)));
        Assert.InRange(differences.Min(), 0, (40 - 10) * images.Length / 2);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;
}
