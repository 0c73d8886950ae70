using System.Diagnostics;
using Sunet.Cli.Runs.Timing;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Hosting;
using Sunet.Native.Inference;
using Sunet.Native.Inference.Streams;

namespace Sunet.Bench.Guard.Throughput;

/// <summary>Requests that share one network, without the web server around it.</summary>
internal static class Service
{
    private const string Model = "sunet64";
    private const int Side = 256, Requests = 64;

    /// <summary>The requests/s of as many callers as there are requests, over the images/s of a stream of as many images.</summary>
    public static double? ToStream(GuardFixture fixture)
    {
        using var backend = new CpuBackend();
        using var predictor = new Predictor(GuardFixture.Model(Model), new PredictorOptions(), backend);
        using var service = new SegmentationService(Options(fixture));
        ImageRequest[] images = Images();
        double[][] times = InterleavedTimer.Time(
            fixture.FewRounds, warmUp: 1, [() => Ask(service, images), () => Streams.Run(predictor, images)], fixture.Cancellation);
        return Streams.Ratio(times[1], times[0]);
    }

    /// <summary>
    /// The wait of a request at the 99th percentile over the time of a batch, where as many callers as there are batches at a time ask
    /// again as soon as they are answered: none waits for a place, so that what is added is the service's own.
    /// </summary>
    public static double? WaitToBatch(GuardFixture fixture)
    {
        int callers = Environment.ProcessorCount;
        using var service = new SegmentationService(Options(fixture));
        ImageRequest[] images = Images();
        Ask(service, images);
        var waits = new List<double>();
        Task.WaitAll([.. Enumerable.Range(0, callers).Select(caller => Task.Run(() => CallAsync(caller)))]);
        waits.Sort();
        return waits[(int)(0.99 * waits.Count)] / SecondsOfBatch(callers, images);

        async Task CallAsync(int caller)
        {
            for (int i = caller; i < images.Length * (fixture.Quick ? 1 : 4); i += callers)
            {
                ImageRequest image = images[i % images.Length];
                long started = Stopwatch.GetTimestamp();
                await service.SegmentAsync(image.Image, image.Labels).ConfigureAwait(false);
                lock (waits)
                    waits.Add(Stopwatch.GetElapsedTime(started).TotalSeconds);
            }
        }
    }

    /// <summary>The time of an image on one of the lanes while the others are at work, too.</summary>
    private static double SecondsOfBatch(int lanes, ImageRequest[] images)
    {
        using var backend = new CpuBackend();
        using var predictor = new Predictor(GuardFixture.Model(Model), new PredictorOptions(), backend);
        Streams.Run(predictor, images);
        long started = Stopwatch.GetTimestamp();
        Streams.Run(predictor, images);
        return Stopwatch.GetElapsedTime(started).TotalSeconds / images.Length * lanes;
    }

    private static SegmentationServiceOptions Options(GuardFixture fixture) =>
        new() { Weights = fixture.Weights(Model), OpenBackend = () => new CpuBackend() };

    private static ImageRequest[] Images() => [.. Enumerable.Range(0, Requests).Select(_ => Streams.Request(Side, Side))];

    private static void Ask(SegmentationService service, ImageRequest[] images) =>
        Task.WaitAll([.. images.Select(image => service.SegmentAsync(image.Image, image.Labels))]);
}
