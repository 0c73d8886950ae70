using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using CommunityToolkit.HighPerformance;
using Sunet.Cli.Runs.Timing;
using Sunet.Data.Images;
using Sunet.Data.Synthetic;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Graphs;
using Sunet.Native.Inference;
using Sunet.Native.Measuring;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;

namespace Sunet.Bench.Guard.Throughput;

/// <summary>
/// The console from file to file. Photographs are drawn scenes of as many pixels as 360 x 480; figures hold the start of the process and
/// the compilation of the network, too.
/// </summary>
internal static class Files
{
    private const string Model = "sunet64", Images = "JPEGImages";
    private const int Side = 416, ValPhotographs = 232, AllPhotographs = ValPhotographs + 1, Copies = 8;
    private static readonly Shape Image = new(1, 3, Side, Side);

    /// <summary>Label maps of all photographs.</summary>
    public static string[] Predict(GuardFixture fixture) => Predict(fixture, Weights(fixture), Folder(fixture), overlay: false);

    /// <summary>The scores of all photographs.</summary>
    public static string[] Val(GuardFixture fixture) =>
    [
        "val", "--device", "cpu", "--weights", Weights(fixture), "--data", Data(fixture), "--quiet",
    ];

    /// <summary>
    /// The images/s of the console over the most that the network reaches without it, however processors are shared, before and after
    /// each run of the console; the median of some runs.
    /// </summary>
    public static double? ToNetwork(GuardFixture fixture, Func<GuardFixture, string[]> arguments)
    {
        string[] run = arguments(fixture);
        int images = run[0] == "val" ? ValPhotographs : AllPhotographs;
        double[] ratios = new double[fixture.Quick ? 1 : 3];
        double before = SecondsOfNetwork(fixture);
        for (int i = 0; i < ratios.Length; i++)
        {
            double elapsed = fixture.Console(run).Elapsed.TotalSeconds, after = SecondsOfNetwork(fixture);
            ratios[i] = (before + after) / 2 * images / elapsed;
            before = after;
        }

        return PlanTimings.Median(ratios);
    }

    /// <summary>The share of the processors that the console uses from its start to its end.</summary>
    public static double? UseOfProcessors(GuardFixture fixture, Func<GuardFixture, string[]> arguments) =>
        fixture.Fastest(arguments(fixture)).Use;

    /// <summary>
    /// The images/s of the console over what all processors would reach that did nothing but decode, predict and encode. The start of the
    /// process is left out, since the small network is done soon: it is the difference of many images and of some.
    /// </summary>
    public static double? ToParts(GuardFixture fixture, bool overlay)
    {
        string weights = fixture.Weights("small", ThroughputChecks.SmallModel);
        double some = fixture.Fastest(Predict(fixture, weights, Folder(fixture), overlay)).Elapsed.TotalSeconds;
        double many = fixture.Fastest(Predict(fixture, weights, FolderOfCopies(fixture), overlay)).Elapsed.TotalSeconds;
        double seconds = (many - some) / (AllPhotographs * (Copies - 1));
        return Parts(fixture, overlay) / Environment.ProcessorCount / seconds;
    }

    /// <summary>The processor time of the loader for a crop over that of decoding an image and its labels, on one thread.</summary>
    public static double? LoaderToDecoding(GuardFixture fixture)
    {
        string data = Synthetic(fixture, "crops", train: 64, val: 1);
        JsonElement loader = fixture.Json(
            "bench", "--data", data, "--imgsz", "512", "--batch", "4", "--workers", "1", "--warmup", "20",
            "--iters", fixture.Quick ? "40" : "150");
        var pixels = new PixelBuffer<Rgb>();
        var labels = new PixelBuffer<byte>();
        var scratch = new DecodeScratch();
        string[] images = Directory.GetFiles(Path.Combine(data, Images), "*.jpg");
        double decoding = Least(fixture, images, image =>
        {
            ImageFile.Load(image, ImageFile.DefaultPixelCap, scratch, pixels);
            LabelFile.Load(Mask(data, image), ImageFile.DefaultPixelCap, scratch, labels);
        });
        return 1 / loader.GetProperty("images_per_core_s").GetDouble() / decoding;
    }

    private static string[] Predict(GuardFixture fixture, string weights, string source, bool overlay) =>
    [
        "predict", "--device", "cpu", "--weights", weights, "--source", source, "--project", fixture.At("predicted"), "--exist-ok",
        "--quiet", .. overlay ? Array.Empty<string>() : ["--no-overlay"],
    ];

    private static string Weights(GuardFixture fixture) => fixture.Weights(
        "scenes", SunetModel.Create(SunetSpec.Segmenter(Model, SyntheticDataset.ClassNames.Count, outputStride: 16)));

    /// <summary>The seconds an image in one process, with one image on each processor or one on all of them, whichever is less.</summary>
    private static double SecondsOfNetwork(GuardFixture fixture)
    {
        const int Repeats = 4;
        BenchedPlan[] each = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(_ => Plan(new CpuOptions { Threads = 1 }))];
        using BenchedPlan all = Plan(new CpuOptions());
        try
        {
            double[][] times = InterleavedTimer.Time(
                fixture.FewRounds, warmUp: 1, [() => Parallel.ForEach(each, Run), () => Run(all)], fixture.Cancellation);
            return Math.Min(PlanTimings.Median(times[0]) / (Repeats * each.Length), PlanTimings.Median(times[1]) / Repeats) / 1e3;
        }
        finally
        {
            Array.ForEach(each, plan => plan.Dispose());
        }

        static BenchedPlan Plan(CpuOptions options) => GuardFixture.Plan(Model, Image, options);

        static void Run(BenchedPlan benched)
        {
            for (int i = 0; i < Repeats; i++)
                benched.Plan.Run(Phase.Forward);
        }
    }

    /// <summary>The seconds of one thread for an image of the small network: decoded, predicted and encoded.</summary>
    private static double Parts(GuardFixture fixture, bool overlay)
    {
        using var backend = new CpuBackend(threads: 1);
        using var predictor = new Predictor(ThroughputChecks.SmallModel, new PredictorOptions(), backend);
        var pixels = new PixelBuffer<Rgb>();
        using var labelEncoder = new IndexPngEncoder();
        using var overlayEncoder = new OverlayEncoder();
        var scratch = new DecodeScratch();
        var colours = ClassColours.ForNames([]);
        var labels = new byte[Side, Side];
        return Least(fixture, Photographs(fixture), image =>
        {
            Memory2D<Rgb> decoded = ImageFile.Load(image, ImageFile.DefaultPixelCap, scratch, pixels);
            predictor.Segment(decoded.Span, labels);
            labelEncoder.Write(fixture.At("labels.png"), labels);
            if (overlay)
                overlayEncoder.Write(fixture.At("overlay.jpg"), decoded.Span, labels, colours);
        });
    }

    /// <summary>The seconds an image of the round that took least.</summary>
    private static double Least(GuardFixture fixture, string[] images, Action<string> work)
    {
        Array.ForEach(images, work);
        double least = double.PositiveInfinity;
        for (int round = 0; round < (fixture.Quick ? 1 : 2); round++)
        {
            fixture.Cancellation.ThrowIfCancellationRequested();
            long started = Stopwatch.GetTimestamp();
            Array.ForEach(images, work);
            least = Math.Min(least, Stopwatch.GetElapsedTime(started).TotalSeconds / images.Length);
        }

        return least;
    }

    private static string[] Photographs(GuardFixture fixture) => Directory.GetFiles(Folder(fixture), "*.jpg");

    private static string Mask(string data, string image) =>
        Path.Combine(data, "SegmentationClass", Path.GetFileNameWithoutExtension(image) + ".png");

    /// <summary>A folder of the photographs alone.</summary>
    private static string Folder(GuardFixture fixture) => Path.Combine(Data(fixture), Images);

    private static string Data(GuardFixture fixture) => Synthetic(fixture, "photographs", train: 1, ValPhotographs);

    private static string Synthetic(GuardFixture fixture, string name, int train, int val)
    {
        string data = fixture.At(name);
        if (!Directory.Exists(data))
            fixture.Console("data", "synth", "--out", data, "--train", Text(train), "--val", Text(val), "--size", Text(Side), "--quiet");
        return data;

        static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
    }

    private static string FolderOfCopies(GuardFixture fixture)
    {
        string folder = fixture.At("copies");
        if (Directory.Exists(folder))
            return folder;
        Directory.CreateDirectory(folder);
        foreach (string image in Photographs(fixture))
        {
            for (int copy = 0; copy < Copies; copy++)
                File.Copy(image, Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{copy}-{Path.GetFileName(image)}")));
        }

        return folder;
    }
}
