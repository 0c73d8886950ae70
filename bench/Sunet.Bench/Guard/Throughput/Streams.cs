using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Sunet.Cli.Runs.Timing;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Graphs;
using Sunet.Native.Inference;
using Sunet.Native.Inference.Streams;
using Sunet.Native.Interop.Cpu;
using Sunet.Native.Measuring;
using Sunet.Native.Tensors;

namespace Sunet.Bench.Guard.Throughput;

/// <summary>The library's ways to predict many images, with pixels and labels in the caller's memory.</summary>
internal static class Streams
{
    /// <summary>The first argument that makes this program predict a long stream.</summary>
    public const string Verb = "stream";

    private const string Model = "sunet64";
    private const double Megabyte = 1e6;
    private static readonly double[] Factors = [0.5, 0.75, 1, 1.25];

    /// <summary>The time of a loop over <c>Segment</c> over that of <c>SegmentMany</c>; null where there are no two processors.</summary>
    public static double? ToLoop(GuardFixture fixture, int side, int images)
    {
        if (Environment.ProcessorCount < 2)
            return null;
        using var backend = new CpuBackend();
        using var predictor = new Predictor(GuardFixture.Model(Model), new PredictorOptions(), backend);
        ImageRequest[] requests = [.. Enumerable.Range(0, images).Select(_ => Request(side, side))];
        double[][] times = InterleavedTimer.Time(
            fixture.FewRounds, warmUp: 1, [Loop, () => Run(predictor, requests)], fixture.Cancellation);
        return Ratio(times[0], times[1]);

        void Loop()
        {
            foreach (ImageRequest request in requests)
                predictor.Segment(request.Image.Span, request.Labels.Span);
        }
    }

    /// <summary>The time of a prediction at four scales with mirror images over that of the networks at their sizes.</summary>
    public static double? ScalesToNetworks(GuardFixture fixture)
    {
        const int Side = 512;
        using var backend = new CpuBackend();
        using var predictor = new Predictor(
            GuardFixture.Model(Model), new PredictorOptions { Scales = Factors, Flip = true }, backend);
        ImageRequest request = Request(Side, Side);
        var networks = new List<BenchedPlan>();
        try
        {
            foreach (int side in Factors.Select(f => (int)(f * Side)))
                networks.Add(GuardFixture.Plan(Model, new Shape(1, 3, side, side), new CpuOptions()));
            double[][] times = InterleavedTimer.Time(fixture.FewRounds, warmUp: 1,
                [() => predictor.Segment(request.Image.Span, request.Labels.Span), () => networks.ForEach(Twice)], fixture.Cancellation);
            return Ratio(times[0], times[1]);
        }
        finally
        {
            networks.ForEach(n => n.Dispose());
        }

        static void Twice(BenchedPlan network)
        {
            network.Plan.Run(Phase.Forward);
            network.Plan.Run(Phase.Forward);
        }
    }

    /// <summary>The native bytes of a predictor at four scales with mirror images over those of one at the largest scale alone.</summary>
    public static double? BytesOfScalesToOne()
    {
        const int Side = 512;
        var scales = new PredictorOptions { Scales = Factors, Flip = true };
        return Bytes(scales, Side) / Bytes(new PredictorOptions(), (int)(Factors[^1] * Side));

        static double Bytes(PredictorOptions options, int side)
        {
            long before = NativeRuntime.Outstanding.Bytes;
            using var backend = new CpuBackend();
            using var predictor = new Predictor(GuardFixture.Model(Model), options, backend);
            ImageRequest request = Request(side, side);
            predictor.Segment(request.Image.Span, request.Labels.Span);
            return NativeRuntime.Outstanding.Bytes - before;
        }
    }

    /// <summary>
    /// The time of a predictor's first images of as many sizes as there are images, over that of as many of one size and as many pixels in
    /// all. Compilation counts.
    /// </summary>
    public static double? SizesToOneSize(GuardFixture fixture)
    {
        const int Images = 120, Height = 360, Width = 480, Step = 37;
        ImageRequest[] different =
        [
            .. Enumerable.Range(0, Images).Select(i => Request(Height - (Images / 2) + i, Width - (Images / 2) + (Step * i % Images))),
        ];
        ImageRequest[] equal = [.. different.Select(_ => Request(Height, Width))];
        double[] ratios = new double[fixture.Quick ? 1 : 3];
        for (int round = 0; round < ratios.Length; round++)
        {
            fixture.Cancellation.ThrowIfCancellationRequested();
            ratios[round] = Seconds(different) / Seconds(equal);
        }

        return PlanTimings.Median(ratios);

        static double Seconds(ImageRequest[] requests)
        {
            using var backend = new CpuBackend();
            using var predictor = new Predictor(GuardFixture.Model(Model), new PredictorOptions(), backend);
            long started = Stopwatch.GetTimestamp();
            Run(predictor, requests);
            return Stopwatch.GetElapsedTime(started).TotalSeconds;
        }
    }

    /// <summary>
    /// What a long stream adds to the resident memory of a process of its own after its first hundred images, and what it allocates for
    /// each of them; null where the system does not tell.
    /// </summary>
    public static Growth? GrowthOfManyImages(GuardFixture fixture) =>
        fixture.Again(Verb, (fixture.Quick ? 2_000 : 10_000).ToString(CultureInfo.InvariantCulture)) is { Length: > 0 } printed
            ? JsonSerializer.Deserialize<Growth>(printed)
            : null;

    /// <summary>Predicts so many images in one stream, with requests that come back, and says what <see cref="Growth"/> has.</summary>
    public static string Long(int images)
    {
        const int Side = 64, Before = 100, Window = 500, Requests = 16;
        using var backend = new CpuBackend();
        using var predictor = new Predictor(ThroughputChecks.SmallModel, new PredictorOptions(), backend);
        var idle = new Queue<ImageRequest>(Enumerable.Range(0, Requests).Select(_ => Request(Side, Side)));
        long resident = 0, allocated = 0, done = 0;

        // The runtime's own work, such as compiling methods again, shows in some windows, what an image allocates in all.
        long least = long.MaxValue;
        Predict().GetAwaiter().GetResult();
        return ResidentMemory.Now is { } last
            ? JsonSerializer.Serialize(new Growth(Math.Max(0, last - resident) / Megabyte, (double)least / Window))
            : "";

        async Task Predict()
        {
            await foreach (ImageResult result in predictor.SegmentMany(Source()).ConfigureAwait(false))
            {
                result.ThrowIfFailed();
                lock (idle)
                    idle.Enqueue(result.Request);
                if (++done == Before)
                    resident = ResidentMemory.Now ?? 0;
                if (done % Window != 0)
                    continue;
                long now = GC.GetTotalAllocatedBytes(precise: true);
                if (done > Window)
                    least = Math.Min(least, now - allocated);
                allocated = now;
            }
        }

        async IAsyncEnumerable<ImageRequest> Source()
        {
            for (int i = 0; i < images; i++)
            {
                // There are more requests than a stream has under way.
                ImageRequest request;
                lock (idle)
                    request = idle.Dequeue();
                yield return request;
            }
        }
    }

    /// <summary>
    /// The median of the ratios of rounds that take turns: what takes seconds meets what else the machine does in every round, and the
    /// rounds of both alike.
    /// </summary>
    public static double Ratio(double[] times, double[] others) => PlanTimings.Median([.. times.Zip(others, (t, o) => t / o)]);

    /// <summary>Takes all results of a stream.</summary>
    public static void Run(Predictor predictor, IEnumerable<ImageRequest> requests) =>
        RunAsync(predictor, requests).GetAwaiter().GetResult();

    /// <summary>An image of noise and room for its labels.</summary>
    public static ImageRequest Request(int height, int width)
    {
        var pixels = new Rgb[height, width];
        var random = new Random(1);
        foreach (ref Rgb pixel in MemoryMarshal.CreateSpan(ref pixels[0, 0], pixels.Length))
            pixel = new Rgb((byte)random.Next(), (byte)random.Next(), (byte)random.Next());
        return new ImageRequest { Image = pixels, Labels = new byte[height, width] };
    }

    private static async Task RunAsync(Predictor predictor, IEnumerable<ImageRequest> requests)
    {
        await foreach (ImageResult result in predictor.SegmentMany(requests.ToAsyncEnumerable()).ConfigureAwait(false))
            result.ThrowIfFailed();
    }

    /// <summary>What many images leave behind.</summary>
    /// <param name="Megabytes">Of resident memory, all of them together.</param>
    /// <param name="Allocated">Managed bytes, each of them.</param>
    public sealed record Growth(double Megabytes, double Allocated);
}
