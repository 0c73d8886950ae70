using CommunityToolkit.HighPerformance;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Graphs;
using Sunet.Native.Inference;
using Sunet.Native.Interop.Cpu;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;
using Sunet.Native.Tests.Facade;
using Sunet.Verification.Reference;

namespace Sunet.Native.Tests.Inference;

public sealed class ActivationMapperTests : IDisposable
{
    private readonly CpuBackend backend = new(threads: 2);
    private readonly SunetModel model = SunetModel.Create(SmallModel.Spec, seed: 5);

    public void Dispose() => backend.Dispose();

    [Fact]
    public void Compute_EveryLevel_IsTheStrongestChannelOfTheUnfusedNetwork()
    {
        Rgb[,] image = TestImage(41, 56);
        using var mapper = new ActivationMapper(model, backend);
        AssertMatchesReference(model, image, mapper.Compute(image), tolerance: 1e-4);
    }

    [Fact]
    public void Compute_Levels_AreTheStemTheResidualBlockAndTheModulesWayDownAndUp()
    {
        using var mapper = new ActivationMapper(model, backend);
        string[] layers = [.. mapper.Compute(TestImage(32, 32)).Select(map => map.Layer)];
        Assert.Equal(
        [
            "features.conv1", "features.residual1",
            "features.unet1_0.down.0", "features.unet1_0.down.1", "features.unet1_0.up.1", "features.unet1_0.up.0", "features.unet1_0",
        ], layers[..7]);
        Assert.Equal(["features.unet4_0.down.0", "features.unet4_0.up.0", "features.unet4_0"], layers[^3..]);
    }

    [Fact]
    public void Compute_LargeImage_IsShrunkToTheLongestSide()
    {
        using var mapper = new ActivationMapper(model, backend) { LongestSide = 64 };
        ActivationMap stem = mapper.Compute(TestImage(100, 200))[0];
        Assert.Equal((16, 32), (stem.Values.Height, stem.Values.Width));
    }

    [Fact]
    public void Compute_WeightThatIsNotANumber_ShowsItsChannel()
    {
        model.Write("features.conv1.bias")[2] = float.NaN;
        using var mapper = new ActivationMapper(model, backend);
        ActivationMap stem = mapper.Compute(TestImage(32, 32))[0];
        Assert.Equal((2, true), (stem.Channel, double.IsNaN(stem.MeanAbsolute)));
    }

    [Fact]
    public void Compute_Cancelled_LeavesNothingAndWorksAgain()
    {
        long before = NativeRuntime.Outstanding.Bytes;
        using (var mapper = new ActivationMapper(model, backend))
        {
            Assert.Throws<OperationCanceledException>(() => mapper.Compute(TestImage(32, 32), new CancellationToken(canceled: true)));
            Assert.Equal(before, NativeRuntime.Outstanding.Bytes);
            Assert.NotEmpty(mapper.Compute(TestImage(32, 32)));
            Assert.NotEmpty(mapper.Compute(TestImage(48, 32)));
            Assert.Throws<ArgumentException>(() => mapper.Compute(default));
        }

        Assert.Equal(before, NativeRuntime.Outstanding.Bytes);
    }

    /// <summary>Compares maps with a plain graph, no pass run over it, in float64.</summary>
    internal static void AssertMatchesReference(SunetModel model, Rgb[,] image, IReadOnlyList<ActivationMap> maps, double tolerance)
    {
        var shape = new Shape(1, 3, image.GetLength(0), image.GetLength(1));
        SunetGraph network = SunetGraph.Build(model.Spec, shape, BatchNormMode.Inference, batchNormMomentum: 0);
        Graph graph = network.Graph;
        var pixels = new float[shape.Count];
        Pixels.Normalise(image, model.Spec.Normalization, pixels);
        var reference = new ReferenceExecutor(graph);
        reference.Load(name => Array.ConvertAll(model.Read(name).ToArray(), v => (double)v));
        reference.Write(network.Image, pixels.Select(p => (double)p));
        reference.Run(Phase.Forward);
        Assert.NotEmpty(maps);
        foreach (ActivationMap map in maps)
        {
            Value value = graph.Ops.Single(op => op.Name == OpOf(map.Layer, graph)).Output;
            Assert.Equal(
                (value.Shape.Channels, value.Shape.Height, value.Shape.Width), (map.Channels, map.Values.Height, map.Values.Width));
            int plane = value.Shape.Height * value.Shape.Width;
            double[][] channels = [.. reference[value].Chunk(plane)];
            double[] expected = channels[map.Channel];
            double strongest = channels.Max(channel => channel.Average(Math.Abs));
            Assert.Equal(strongest, expected.Average(Math.Abs), tolerance * strongest);
            Assert.Equal(strongest, map.MeanAbsolute, tolerance * strongest);
            double error = Norm(expected.Zip(map.Values.ToArray().Cast<float>(), (a, b) => a - b)) / Norm(expected);
            Assert.True(error <= tolerance, $"{map.Layer}: {error}");
        }
    }

    internal static Rgb[,] TestImage(int height, int width)
    {
        var image = new Rgb[height, width];
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
                image[y, x] = new Rgb((byte)(x * 5), (byte)(y * 7), (byte)((x * y) ^ 90));
        }

        return image;
    }

    /// <summary>The op that ends a level: its last convolution, or its sum.</summary>
    private static string OpOf(string layer, Graph graph)
    {
        string[] ends = [layer, layer + ".sum", layer + ".conv2", layer + ".deconv1"];
        return ends.First(name => graph.Ops.Any(op => op.Name == name));
    }

    private static double Norm(IEnumerable<double> values) => Math.Sqrt(values.Sum(v => v * v));
}
