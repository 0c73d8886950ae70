using CommunityToolkit.HighPerformance;
using Sunet.Native.Backends;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Backends.Cuda;
using Sunet.Native.Compilation;
using Sunet.Native.Compilation.Memory;
using Sunet.Native.Graphs;
using Sunet.Native.Inference;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;
using Sunet.Native.Tests.Backends.Cuda;
using Sunet.Verification.Reference;

namespace Sunet.Native.Tests.Inference;

/// <summary>
/// Several scales and the mirrored image in one plan, on both backends: against float64, and against one network at a time.
/// </summary>
public sealed class MultiScaleTests : EmulatorTest
{
    private const string Cpu = "cpu", Cuda = "cuda";
    private const int Height = 45, Width = 58, Classes = 3;

    /// <summary>A roundoff of float32 for each of a few dozen layers, and the exponentials' last places.</summary>
    private const double Float64Distance = 1e-5;

    /// <summary>Only what follows the logits is computed otherwise: some roundoffs of 2^-24 each.</summary>
    private const double SameLogitsDistance = 1e-6;

    private readonly SunetModel model = CountTests.Balanced();
    private readonly Rgb[,] image = Patches();

    public static TheoryData<string, double[], bool> Looks { get; } = new(
        from device in new[] { Cpu, Cuda }
        from look in new[] { (Scales: new[] { 1.0 }, Flip: true), ([0.5], false), ([0.75, 1, 1.25], false), ([1.5, 0.75, 1], true) }
        select (device, look.Scales, look.Flip));

    [Theory]
    [MemberData(nameof(Looks))]
    public void Predictor_ScalesAndFlip_MatchesFloat64AndOneNetworkAtATime(string device, double[] scales, bool flip)
    {
        using IBackend backend = Open(device);
        Balance(scales, flip);
        using var predictor = new Predictor(model, new PredictorOptions { Scales = scales, Flip = flip }, backend);
        var probabilities = new float[Classes * Height * Width];
        byte[,] labels = new byte[Height, Width], counted = new byte[Height, Width], truth = CountTests.Labels(Height, Width);
        ConfusionMatrix expectedCounts = new(Classes), counts = new(Classes);
        predictor.Probabilities(image, probabilities);
        predictor.Segment(image, labels);
        predictor.Count(image, truth, counts, counted);

        double[] exact = Mean(scales, flip, (pixels, size) => InFloat64(pixels, size));
        double[] inTurn = Mean(scales, flip, (pixels, size) => InFloat32(backend, pixels, size));
        Assert.InRange(Distance(exact, probabilities), 0, Float64Distance);
        Assert.InRange(Distance(inTurn, probabilities), 0, SameLogitsDistance);
        AssertLikeliest(inTurn, labels);
        Assert.Equal(labels, counted);
        expectedCounts.Add(truth, labels);
        CountTests.AssertEqual(expectedCounts, counts);
    }

    [Fact]
    public void Average_Pixels_EqualsThatOfTheImagesBytes()
    {
        using var backend = new CpuBackend(threads: 2);
        using var predictor = new Predictor(model, new PredictorOptions { Scales = [0.75, 1.25], Flip = true }, backend);
        float[] ofBytes = new float[Classes * Height * Width], ofPixels = new float[Classes * Height * Width];
        predictor.Probabilities(image, ofBytes);
        predictor.Average(Normalised(), new Shape(1, 3, Height, Width), ofPixels);
        Assert.Equal(ofBytes, ofPixels);
    }

    [Theory]
    [InlineData(Cpu)]
    [InlineData(Cuda)]
    public void ForImages_Batch_GivesEachImageWhatItGetsAlone(string device)
    {
        byte[] first = BytesOf(image), second = [.. first.Reverse()];
        using IBackend backend = Open(device);
        byte[] both = Labels(backend, 2, [.. first, .. second]);
        Assert.Equal([.. Labels(backend, 1, first), .. Labels(backend, 1, second)], both);
    }

    [Theory]
    [InlineData(Cpu)]
    [InlineData(Cuda)]
    public void MemoryOf_PaperScalesMirrored_IsHardlyMoreThanTheLargestScales(string device)
    {
        SunetSpec spec = SunetSpec.Segmenter("sunet64", 21);
        var shape = new Shape(1, 3, 512, 512);
        MultiScaleGraph scales = MultiScaleGraph.ForImages(spec, shape, [(256, 256), (384, 384), (512, 512), (640, 640)], mirrors: true);
        SunetGraph largest = SunetGraph.ForImages(spec, shape, (640, 640));
        scales.AppendArgMax();
        largest.AppendArgMax();
        using IBackend backend = Open(device);
        MemoryPlan all = Plan.MemoryOf(scales.Graph, backend, PlanPurpose.Inference);
        MemoryPlan one = Plan.MemoryOf(largest.Graph, backend, PlanPurpose.Inference);
        Assert.InRange((double)all.TotalBytes / one.TotalBytes, 1, 1.3);
        Assert.InRange((double)(all.TotalBytes - all.Parameters.Bytes) / (one.TotalBytes - one.Parameters.Bytes), 0.9, 1.1);

        // On a GPU all sizes want one format; on the CPU some of Winograd's weights differ.
        Assert.InRange((double)all.Parameters.Bytes / one.Parameters.Bytes, 1, device == Cuda ? 1 : 1.6);
    }

    [Theory]
    [InlineData(Precision.Float32, "_f32")]
    [InlineData(Precision.Bf16, "_bf16")]
    public void Segment_OnAGpu_BringsBackTheLabelsAlone(Precision precision, string suffix)
    {
        using var backend = new CudaBackend(0, new CudaOptions { Precision = precision });
        using var predictor = new Predictor(model, new PredictorOptions { Scales = [0.75, 1], Flip = true }, backend);
        var labels = new byte[Height, Width];

        // The calls run as they are, are captured, and are replayed.
        for (int time = 1; time <= 3; time++)
        {
            long before = Emulator.BytesToHost();
            predictor.Segment(image, labels);
            Assert.Equal(Height * Width, Emulator.BytesToHost() - before);
            Assert.Equal(4L * time, Emulator.KernelsRun("add_probabilities" + suffix));
        }

        long beforeCount = Emulator.BytesToHost();
        predictor.Count(image, CountTests.Labels(Height, Width), new ConfusionMatrix(Classes));
        Assert.Equal(((Classes * Classes) + 1) * sizeof(int), Emulator.BytesToHost() - beforeCount);

        long beforeMap = Emulator.BytesToHost();
        predictor.Probabilities(image, new float[Classes * Height * Width]);
        Assert.Equal(Classes * Height * Width * sizeof(float), Emulator.BytesToHost() - beforeMap);
    }

    private static IBackend Open(string device) => device == Cpu ? new CpuBackend(threads: 2) : new CudaBackend();

    private static double Distance(double[] expected, float[] actual)
    {
        double error = expected.Zip(actual, (e, a) => (e - a) * (e - a)).Sum();
        return Math.Sqrt(error / expected.Sum(e => e * e));
    }

    private static byte[] BytesOf(Rgb[,] pixels) => [.. pixels.Cast<Rgb>().SelectMany(p => new[] { p.R, p.G, p.B })];

    /// <summary>Patches of one colour each, which stay what they are at any scale.</summary>
    private static Rgb[,] Patches()
    {
        const int side = 8;
        Rgb[,] colours = CountTests.Image((Height / side) + 1, (Width / side) + 1);
        var patches = new Rgb[Height, Width];
        for (int y = 0; y < Height; y++)
        {
            for (int x = 0; x < Width; x++)
                patches[y, x] = colours[y / side, x / side];
        }

        return patches;
    }

    /// <summary>Every pixel has the likeliest class, or one that is as likely but for rounding.</summary>
    private static void AssertLikeliest(double[] probabilities, byte[,] labels)
    {
        Assert.True(labels.Cast<byte>().Distinct().Count() > 1, "an image of one class shows nothing");
        int pixel = 0, moved = 0;
        foreach (byte label in labels)
        {
            double[] p = [.. Enumerable.Range(0, Classes).Select(c => probabilities[(c * labels.Length) + pixel])];
            Assert.InRange(p.Max() - p[label], 0, 2e-6);
            moved += p[label] < p.Max() ? 1 : 0;
            pixel++;
        }

        Assert.InRange(moved, 0, 1);
    }

    /// <summary>Makes the classes equally likely on average, so that the image has several.</summary>
    private void Balance(double[] scales, bool flip)
    {
        using var backend = new CpuBackend(threads: 1);
        double[] mean = Mean(scales, flip, (pixels, size) => InFloat32(backend, pixels, size));
        Span<float> biases = model.Write("final.conv1.bias");
        for (int c = 0; c < biases.Length; c++)
            biases[c] -= (float)mean.Skip(c * Height * Width).Take(Height * Width).Average(Math.Log);
    }

    /// <summary>The mean over scales and the mirrored image, one after the other, as [classes, H, W].</summary>
    private double[] Mean(double[] scales, bool flip, Func<float[], (int H, int W), double[]> predict)
    {
        float[] pixels = Normalised(), mirrored = new float[pixels.Length];
        Pixels.Flip(pixels, Width, mirrored);
        var mean = new double[Classes * Height * Width];
        foreach (double scale in scales)
        {
            (int H, int W) size = (Math.Max(32, (int)Math.Round(Height * scale)), Math.Max(32, (int)Math.Round(Width * scale)));
            double[] straight = predict(pixels, size), other = flip ? predict(mirrored, size) : straight;
            for (int i = 0; i < mean.Length; i++)
            {
                int back = flip ? i - (i % Width) + Width - 1 - (i % Width) : i;
                mean[i] += (straight[i] + other[back]) / (2 * scales.Length);
            }
        }

        return mean;
    }

    private double[] InFloat64(float[] pixels, (int H, int W) size)
    {
        SunetGraph network = SunetGraph.Build(
            model.Spec, new Shape(1, 3, Height, Width), BatchNormMode.Inference, batchNormMomentum: 0, size);
        Value probabilities = network.AppendProbabilities();
        var executor = new ReferenceExecutor(network.Graph);
        executor.Load(name => Array.ConvertAll(model.Read(name).ToArray(), v => (double)v));
        executor.Write(network.Image, pixels.Select(p => (double)p));
        executor.Run(Phase.Forward);
        return executor[probabilities];
    }

    private double[] InFloat32(IBackend backend, float[] pixels, (int H, int W) size)
    {
        SunetGraph network = SunetGraph.ForInference(model.Spec, new Shape(1, 3, Height, Width), size);
        Value probabilities = network.AppendProbabilities();
        using Plan plan = Plan.Compile(network.Graph, backend, new PlanOptions());
        plan.Load(model.Read);
        plan.Write(network.Image, pixels);
        plan.Run(Phase.Forward);
        var result = new float[probabilities.Shape.Count];
        plan.Read(probabilities, result);
        return Array.ConvertAll(result, v => (double)v);
    }

    private byte[] Labels(IBackend backend, int batch, byte[] images)
    {
        using var weights = new WeightStore(backend);
        using var plan = new PredictionPlan(model, new Shape(batch, 3, Height, Width), [0.75, 1], mirrors: true, PredictionKind.Labels,
            concurrency: 1, backend, weights, TestContext.Current.CancellationToken);
        var labels = new byte[batch * Height * Width];
        PredictionWatch watch = default;
        var belowEachOther = new ImagePixels(images, new ImageLayout(batch * Height, Width, PixelFormat.Rgb));
        plan.Label(ref watch, belowEachOther, labels.AsMemory().AsMemory2D(batch * Height, Width).Span);
        return labels;
    }

    private float[] Normalised()
    {
        var pixels = new float[3 * Height * Width];
        Pixels.Normalise(image, model.Spec.Normalization, pixels);
        return pixels;
    }
}
