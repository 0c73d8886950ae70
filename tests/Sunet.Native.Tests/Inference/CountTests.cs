using CommunityToolkit.HighPerformance;
using Sunet.Native.Backends;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Inference;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;
using Sunet.Native.Tests.Models;

namespace Sunet.Native.Tests.Inference;

/// <summary>Images that travel as bytes and evaluations of which only the counts come back, against the same on the host.</summary>
public sealed class CountTests : IDisposable
{
    private readonly CpuBackend backend = new(threads: 2);
    private readonly SunetModel model = Balanced();

    /// <summary>Direct at odd and even sizes; smaller than a network takes; several looks; tiles.</summary>
    public static TheoryData<int, int, PredictorOptions> Looks { get; } = new()
    {
        { 33, 57, new PredictorOptions() },
        { 64, 64, new PredictorOptions() },
        { 1, 1, new PredictorOptions() },
        { 45, 31, new PredictorOptions() },
        { 40, 40, new PredictorOptions { Flip = true } },
        { 48, 50, new PredictorOptions { Scales = [0.75, 1] } },
        { 70, 90, new PredictorOptions { TileSize = 64, TileOverlap = 16 } },
    };

    public void Dispose() => backend.Dispose();

    [Theory]
    [InlineData(32, 32)]
    [InlineData(33, 57)]
    [InlineData(64, 80)]
    public void Segment_ImageOfBytes_EqualsTheNetworkFedWithFloats(int height, int width)
    {
        Rgb[,] image = Image(height, width);
        using var predictor = new Predictor(model, new PredictorOptions(), backend);
        var labels = new byte[height, width];
        predictor.Segment(image, labels);
        Assert.Equal(LabelsOfFloats(model, image, backend), labels.Cast<byte>());
        Assert.True(labels.Cast<byte>().Distinct().Count() > 1, "an image of one class shows nothing");
    }

    [Theory]
    [InlineData(40, 71)]
    [InlineData(64, 33)]
    public void ForImages_Resized_GivesTheProbabilitiesOfFloats(int height, int width)
    {
        var shape = new Shape(1, 3, height, width);
        Rgb[,] image = Image(height, width);
        SunetGraph bytes = SunetGraph.ForImages(model.Spec, shape, (48, 56)), floats = SunetGraph.ForInference(model.Spec, shape, (48, 56));
        float[] fromBytes = Probabilities(bytes, plan => plan.Write(bytes.Image, BytesOf(image)));
        float[] fromFloats = Probabilities(floats, plan => plan.Write(floats.Image, Normalised(model, image)));
        Assert.Equal(3 * height * width, fromBytes.Length);
        Assert.Equal(fromFloats, fromBytes);
    }

    [Theory]
    [MemberData(nameof(Looks))]
    public void Count_AnyLook_EqualsSegmentAndAdd(int height, int width, PredictorOptions options)
    {
        Rgb[,] image = Image(height, width);
        byte[,] labels = Labels(height, width), predictions = new byte[height, width], seen = new byte[height, width];
        using var predictor = new Predictor(model, options, backend);
        ConfusionMatrix expected = new(3), counted = new(3);
        predictor.Segment(image, predictions);
        for (int time = 0; time < 2; time++)
        {
            expected.Add(labels, predictions);
            if (time == 0)
                predictor.Count(image, labels, counted);
            else
                predictor.Count(image, labels, counted, seen);
            AssertEqual(expected, counted);
        }

        Assert.Equal(predictions, seen);
        Assert.Equal(2 * labels.Cast<byte>().Count(l => l != 255), counted.Total);
    }

    [Fact]
    public void Count_PartsOfLargerImages_EqualsCopies()
    {
        Rgb[,] image = Image(60, 80);
        byte[,] labels = Labels(60, 80), predictions = new byte[60, 80], direct = new byte[41, 53];
        using var predictor = new Predictor(model, new PredictorOptions(), backend);
        ConfusionMatrix parts = new(3), copies = new(3);
        ReadOnlySpan2D<Rgb> part = new ReadOnlySpan2D<Rgb>(image).Slice(3, 5, 41, 53);
        ReadOnlySpan2D<byte> truth = new ReadOnlySpan2D<byte>(labels).Slice(3, 5, 41, 53);
        predictor.Count(part, truth, parts, new Span2D<byte>(predictions).Slice(3, 5, 41, 53));
        predictor.Count(part.ToArray(), truth.ToArray(), copies, direct);
        AssertEqual(copies, parts);
        Assert.Equal(direct, new Span2D<byte>(predictions).Slice(3, 5, 41, 53).ToArray());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Count_LabelOutOfRange_CountsNothingAndGoesOn(bool flip)
    {
        Rgb[,] image = Image(40, 48);
        byte[,] labels = Labels(40, 48);
        byte right = labels[7, 9];
        using var predictor = new Predictor(model, new PredictorOptions { Flip = flip }, backend);
        var matrix = new ConfusionMatrix(3);
        labels[7, 9] = 3;
        Assert.Throws<ArgumentException>(() => predictor.Count(image, labels, matrix));
        Assert.Equal(0, matrix.Total);
        labels[7, 9] = right;
        predictor.Count(image, labels, matrix);
        Assert.Equal(labels.Cast<byte>().Count(l => l != 255), matrix.Total);
    }

    [Fact]
    public void Count_AllIgnored_CountsNothing()
    {
        using var predictor = new Predictor(model, new PredictorOptions(), backend);
        var matrix = new ConfusionMatrix(3);
        var labels = new byte[32, 36];
        new Span2D<byte>(labels).Fill(255);
        predictor.Count(Image(32, 36), labels, matrix);
        Assert.Equal(0, matrix.Total);
    }

    [Fact]
    public void Count_SizesOrClassesThatDiffer_AreRefused()
    {
        using var predictor = new Predictor(model, new PredictorOptions(), backend);
        Rgb[,] image = Image(40, 48);
        Assert.Throws<ArgumentException>("labels", () => predictor.Count(image, new byte[40, 47], new ConfusionMatrix(3)));
        Assert.Throws<ArgumentException>(
            "predictions", () => predictor.Count(image, new byte[40, 48], new ConfusionMatrix(3), new byte[41, 48]));
        Assert.Throws<ArgumentException>("matrix", () => predictor.Count(image, new byte[40, 48], new ConfusionMatrix(4)));
    }

    /// <summary>
    /// A network that was just drawn finds one class everywhere; this one's biases make all of them equally likely on average.
    /// </summary>
    internal static SunetModel Balanced()
    {
        const int height = 48, width = 56;
        SunetModel model = SunetModel.Create(SunetSpecTests.Tiny, seed: 5);
        var probabilities = new float[3 * height * width];
        using var cpu = new CpuBackend(threads: 1);
        using var predictor = new Predictor(model, new PredictorOptions(), cpu);
        predictor.Probabilities(Image(height, width), probabilities);
        Span<float> biases = model.Write("final.conv1.bias");
        for (int c = 0; c < biases.Length; c++)
            biases[c] -= probabilities.Skip(c * height * width).Take(height * width).Average(p => MathF.Log(p));
        return model;
    }

    /// <summary>What the network says of pixels that the host has normalised.</summary>
    internal static byte[] LabelsOfFloats(SunetModel model, Rgb[,] image, IBackend backend)
    {
        SunetGraph network = SunetGraph.ForInference(model.Spec, new Shape(1, 3, image.GetLength(0), image.GetLength(1)));
        Value labels = network.AppendArgMax();
        using Plan plan = Plan.Compile(network.Graph, backend, new PlanOptions());
        plan.Load(model.Read);
        plan.Write(network.Image, Normalised(model, image));
        plan.Run(Phase.Forward);
        var result = new byte[image.Length];
        plan.Read(labels, result);
        return result;
    }

    internal static void AssertEqual(ConfusionMatrix expected, ConfusionMatrix actual)
    {
        for (int label = 0; label < expected.Classes; label++)
        {
            for (int prediction = 0; prediction < expected.Classes; prediction++)
                Assert.Equal(expected[label, prediction], actual[label, prediction]);
        }
    }

    /// <summary>Three classes, and every seventh pixel in no class.</summary>
    internal static byte[,] Labels(int height, int width)
    {
        var random = new Random((width * 1000) + height);
        var labels = new byte[height, width];
        foreach (ref byte label in new Span2D<byte>(labels))
            label = random.Next(7) == 0 ? (byte)255 : (byte)random.Next(3);
        return labels;
    }

    internal static Rgb[,] Image(int height, int width, int seed = 0)
    {
        var random = new Random((height * 1000) + width + (1_000_000 * seed));
        var image = new Rgb[height, width];
        foreach (ref Rgb pixel in new Span2D<Rgb>(image))
            pixel = new Rgb((byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(256));
        return image;
    }

    private static float[] Normalised(SunetModel model, Rgb[,] image)
    {
        var pixels = new float[3 * image.Length];
        Pixels.Normalise(image, model.Spec.Normalization, pixels);
        return pixels;
    }

    private static byte[] BytesOf(Rgb[,] image) => [.. image.Cast<Rgb>().SelectMany(p => new[] { p.R, p.G, p.B })];

    private float[] Probabilities(SunetGraph network, Action<Plan> write)
    {
        Value probabilities = network.AppendProbabilities();
        using Plan plan = Plan.Compile(network.Graph, backend, new PlanOptions());
        plan.Load(model.Read);
        write(plan);
        plan.Run(Phase.Forward);
        var result = new float[probabilities.Shape.Count];
        plan.Read(probabilities, result);
        return result;
    }
}
