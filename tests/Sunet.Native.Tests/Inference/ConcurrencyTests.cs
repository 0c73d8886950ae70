using System.Collections.Concurrent;
using System.Security.Cryptography;
using CommunityToolkit.HighPerformance;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Inference;
using Sunet.Native.Interop.Cpu;
using Sunet.Native.Models;
using Sunet.Native.Tensors;

namespace Sunet.Native.Tests.Inference;

/// <summary>
/// One predictor, many threads: the bits of one thread, one copy of the weights, and an end that waits for who is inside.
/// </summary>
public sealed class ConcurrencyTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly CpuBackend backend = new(threads: 1);
    private readonly SunetModel model = CountTests.Balanced();

    public void Dispose() => backend.Dispose();

    [Fact]
    public void WarmUp_Cancelled_LeavesAPredictorThatWorks()
    {
        using var predictor = new Predictor(model, new PredictorOptions(), backend);
        Assert.ThrowsAny<OperationCanceledException>(() => predictor.WarmUp(64, 64, new CancellationToken(canceled: true)));
        predictor.WarmUp(64, 64);
        Assert.NotEmpty(Hash(predictor, CountTests.Image(64, 64)));
    }

    [Theory]
    [InlineData(1, false, 1 << 28)]
    [InlineData(3, false, 1 << 28)]
    [InlineData(4, true, 0)]
    public void Probabilities_ManyThreads_HaveTheBitsOfOne(int concurrency, bool flip, long cacheBytes)
    {
        Rgb[][,] images = [.. Enumerable.Range(0, 4).Select(i => CountTests.Image(40 + (8 * i), 64 - i))];
        var options = new PredictorOptions { Flip = flip, Concurrency = concurrency, CacheBytes = cacheBytes };
        string[] serial;
        using (var alone = new Predictor(model, options with { Concurrency = 1 }, backend))
            serial = [.. images.Select(i => Hash(alone, i))];
        Assert.Equal(images.Length, serial.Distinct().Count());

        using var predictor = new Predictor(model, options, backend);
        var found = new ConcurrentBag<(int Image, string Hash)>();
        OnThreads(6, thread =>
        {
            for (int i = 0; i < 6; i++)
            {
                int image = (thread + i) % images.Length;
                found.Add((image, Hash(predictor, images[image])));
            }
        });
        Assert.Equal(36, found.Count);
        Assert.All(found, f => Assert.Equal(serial[f.Image], f.Hash));
    }

    [Fact]
    public void Segment_TwoTurns_RunsTwoCallsAtATime()
    {
        using var predictor = new Predictor(model, new PredictorOptions { Concurrency = 2 }, backend);
        using var both = new Barrier(2);
        int met = 0;
        OnThreads(2, _ => predictor.Segment(CountTests.Image(40, 40), new byte[40, 40], new Callback(() =>
        {
            if (both.SignalAndWait(Patience))
                Interlocked.Increment(ref met);
        })));
        Assert.Equal(2, met);
    }

    [Fact]
    public void WarmUp_FourTurns_HoldOneCopyOfTheWeights()
    {
        long before = NativeRuntime.Outstanding.Bytes;
        (long one, long weights) = BytesOf(new PredictorOptions());
        (long four, long sameWeights) = BytesOf(new PredictorOptions { Concurrency = 4 });
        Assert.Equal(before, NativeRuntime.Outstanding.Bytes);
        Assert.Equal(weights, sameWeights);
        Assert.True(weights > model.ParameterCount, "The weights are not where they are counted.");

        // All that four have less than four times one is three copies of the weights.
        Assert.Equal(3 * weights, (4 * one) - four);

        (long One, long Weights) BytesOf(PredictorOptions options)
        {
            using var predictor = new Predictor(model, options, backend);
            predictor.WarmUp(48, 64);
            return (NativeRuntime.Outstanding.Bytes - before, predictor.WeightBytes);
        }
    }

    [Fact]
    public void WeightBytes_MoreSizesAndScales_GrowByOtherFormatsOnly()
    {
        using var predictor = new Predictor(model, new PredictorOptions { Scales = [0.75, 1, 1.25] }, backend);
        predictor.WarmUp(64, 64);
        long first = predictor.WeightBytes;
        foreach (int width in new[] { 72, 80, 96 })
            predictor.WarmUp(64, width);
        Assert.InRange(predictor.WeightBytes, first, 2 * first);
    }

    [Fact]
    public async Task Dispose_WhileACallRuns_LetsItFinishAndRefusesTheOthers()
    {
        NativeOutstanding before = NativeRuntime.Outstanding;
        Rgb[,] image = CountTests.Image(40, 48);
        byte[,] expected = new byte[40, 48], labels = new byte[40, 48];
        var predictor = new Predictor(model, new PredictorOptions { Scales = [0.75, 1] }, backend);
        predictor.Segment(image, expected);
        using ManualResetEventSlim inside = new(), release = new();
        Task running = predictor.SegmentAsync(image, labels, new Callback(() =>
        {
            inside.Set();
            release.Wait(Patience);
        }));
        Assert.True(inside.Wait(Patience, TestContext.Current.CancellationToken));
        Task waiting = predictor.SegmentAsync(image, new byte[40, 48]);
        Task disposing = Task.Run(predictor.Dispose, TestContext.Current.CancellationToken);
        Assert.False(SpinWait.SpinUntil(() => disposing.IsCompleted, 100), "Dispose went on while a call was running.");
        Assert.Throws<ObjectDisposedException>(() => predictor.Segment(image, labels));

        release.Set();
        await running.WaitAsync(Patience, TestContext.Current.CancellationToken);
        await disposing.WaitAsync(Patience, TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting.WaitAsync(Patience));
        Assert.Equal(expected, labels);
        Assert.Throws<ObjectDisposedException>(() => predictor.WarmUp(40, 48));
        predictor.Dispose();
        Assert.Equal((before.Bytes, before.Handles), (NativeRuntime.Outstanding.Bytes, NativeRuntime.Outstanding.Handles));
    }

    [Fact]
    public void Dispose_AmongManyThreads_EndsEveryCallOneWayOrTheOther()
    {
        NativeOutstanding before = NativeRuntime.Outstanding;
        Rgb[,] image = CountTests.Image(36, 40);
        var predictor = new Predictor(model, new PredictorOptions { Concurrency = 2 }, backend);
        int done = 0, refused = 0;
        OnThreads(5, thread =>
        {
            try
            {
                for (int i = 0; i < 1000; i++)
                {
                    predictor.Segment(image, new byte[36, 40]);
                    if (Interlocked.Increment(ref done) > 8 && thread == 0)
                        predictor.Dispose();
                }
            }
            catch (ObjectDisposedException)
            {
                Interlocked.Increment(ref refused);
            }
        });
        Assert.Equal(5, refused);
        Assert.True(done > 8, $"{done} calls were made.");
        Assert.Equal((before.Bytes, before.Handles), (NativeRuntime.Outstanding.Bytes, NativeRuntime.Outstanding.Handles));
    }

    [Fact]
    public async Task SegmentAsync_ManyCalls_EqualSegment()
    {
        Rgb[][,] images = [.. Enumerable.Range(0, 3).Select(i => CountTests.Image(40, 40 + (8 * i)))];
        using var predictor = new Predictor(model, new PredictorOptions { Concurrency = 2 }, backend);
        byte[][,] labels = [.. Enumerable.Range(0, 12).Select(i => new byte[40, images[i % 3].GetLength(1)])];
        await Task.WhenAll(labels.Select((l, i) => predictor.SegmentAsync(images[i % 3], l, null, TestContext.Current.CancellationToken)));
        for (int i = 0; i < labels.Length; i++)
        {
            var expected = new byte[40, images[i % 3].GetLength(1)];
            predictor.Segment(images[i % 3], expected);
            Assert.Equal(expected, labels[i]);
        }
    }

    [Theory]
    [InlineData(40, 48, 0, 0, 2)]
    [InlineData(100, 150, 64, 0, 12)]
    [InlineData(100, 150, 0, 64, 12)]
    public void Segment_Progress_CountsEveryRunAndCancellationStopsBetweenThem(int height, int width, int tile, int crop, int runs)
    {
        var options = new PredictorOptions { Scales = [0.75, 1], TileSize = tile, TileOverlap = 0, CropSize = crop };
        using var predictor = new Predictor(model, options, backend);
        Rgb[,] image = CountTests.Image(height, width);
        var labels = new byte[height, width];
        var seen = new List<PredictionProgress>();
        predictor.Segment(image, labels, new Callback(seen.Add));
        Assert.Equal(Enumerable.Range(1, runs).Select(i => new PredictionProgress(i, runs)), seen);

        using var source = new CancellationTokenSource();
        seen.Clear();
        Assert.ThrowsAny<OperationCanceledException>(() => predictor.Segment(image, new byte[height, width], new Callback(p =>
        {
            seen.Add(p);
            source.Cancel();
        }), source.Token));
        Assert.Single(seen);
        byte[,] again = new byte[height, width];
        predictor.Segment(image, again);
        Assert.Equal(labels, again);
    }

    private static string Hash(Predictor predictor, Rgb[,] image)
    {
        var probabilities = new float[predictor.Model.Spec.Classes * image.Length];
        predictor.Probabilities(image, probabilities);
        return Convert.ToHexString(SHA256.HashData(probabilities.AsSpan().AsBytes()));
    }

    private static void OnThreads(int count, Action<int> work)
    {
        Exception? failure = null;
        Thread[] threads =
        [
            .. Enumerable.Range(0, count).Select(i => new Thread(() =>
            {
                Exception? found = Record.Exception(() => work(i));
                Interlocked.CompareExchange(ref failure, found, null);
            })),
        ];
        Array.ForEach(threads, t => t.Start());
        Assert.All(threads, t => Assert.True(t.Join(Patience), "A thread does not end."));
        Assert.Null(failure);
    }

    private sealed class Callback(Action<PredictionProgress> report) : IProgress<PredictionProgress>
    {
        public Callback(Action report) : this(_ => report())
        {
        }

        public void Report(PredictionProgress value) => report(value);
    }
}
