using Sunet.Native.Backends.Cpu;
using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Native.Tests.Models;

public sealed class ImageOpTests
{
    private readonly Graph graph = new();

    public static TheoryData<Shape, DataType, ImageNormalization> WrongImages { get; } = new()
    {
        { new Shape(1, 4, 5, 3), DataType.Float32, ImageNormalization.ImageNet },
        { new Shape(1, 3, 4, 5), DataType.UInt8, ImageNormalization.ImageNet },
        { new Shape(4, 5, 3), DataType.UInt8, ImageNormalization.ImageNet },
        { new Shape(1, 4, 5, 3), DataType.UInt8, new ImageNormalization([0, 0], [1, 1, 1]) },
        { new Shape(1, 4, 5, 3), DataType.UInt8, new ImageNormalization([0, 0, 0], [1, 0, 1]) },
    };

    [Theory]
    [MemberData(nameof(WrongImages))]
    public void NormalizeImage_WrongInput_IsRefused(Shape shape, DataType type, ImageNormalization normalization)
    {
        var error = Assert.Throws<ConfigurationException>(() => new NormalizeImage("pixels", graph.Input("x", shape, type), normalization));
        Assert.Contains("pixels", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(DataType.Int32, true)]
    [InlineData(DataType.UInt8, false)]
    public void WidenLabels_WrongInput_IsRefused(DataType type, bool perPixel)
    {
        Value labels = graph.Input("x", perPixel ? new Shape(2, 4, 5) : new Shape(2), type);
        var error = Assert.Throws<ConfigurationException>(() => new WidenLabels("widen", labels));
        Assert.Contains("widen", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(DataType.UInt8, 5, 3)]
    [InlineData(DataType.Int32, 6, 3)]
    [InlineData(DataType.Int32, 5, 0)]
    [InlineData(DataType.Int32, 5, 257)]
    public void ConfusionCounts_WrongInput_IsRefused(DataType type, int width, int classes)
    {
        Value labels = graph.Input("labels", new Shape(1, 4, 5), type);
        Value predictions = graph.Input("classes", new Shape(1, 4, width), DataType.UInt8);
        Assert.Throws<ConfigurationException>(() => new ConfusionCounts("confusion", labels, predictions, classes, 255));
    }

    [Theory]
    [InlineData(0, 1, 5, 8)]
    [InlineData(2, 2, 5, 8)]
    [InlineData(2, 1, 4, 8)]
    [InlineData(2, 1, 5, 0)]
    public void AverageProbabilities_WrongScales_IsRefused(int scales, int batch, int channels, int networkWidth)
    {
        var first = new ScaledLogits(graph.Input("first", new Shape(1, 5, 2, 3)), (4, 6), false);
        var second = new ScaledLogits(graph.Input("second", new Shape(batch, channels, 4, 4)), (8, networkWidth), true);
        var error = Assert.Throws<ConfigurationException>(
            () => new AverageProbabilities("mean", scales == 0 ? [] : [first, second], (9, 9)));
        Assert.Contains("mean", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public unsafe void Write_Bytes_TakesExactlyTheInputs()
    {
        Value x = graph.Input("x", new Shape(1, 2, 3, 3), DataType.UInt8);
        Value y = graph.MarkOutput(graph.Add(new NormalizeImage("op", x, new ImageNormalization([0, 0, 0], [1, 1, 1]))).Output);
        using var backend = new CpuBackend(threads: 1);
        using Plan plan = Plan.Compile(graph, backend, new PlanOptions());
        Assert.Throws<ArgumentException>(() => plan.Write(x, new byte[17]));
        Assert.Throws<ArgumentException>(() => plan.Write(x, new float[18]));
        Assert.Throws<ArgumentException>(() => plan.Write(y, new byte[18]));
        byte[] image = [.. Enumerable.Range(0, 18).Select(i => (byte)(i * 15))];
        plan.Write(x, image);
        float[] written = Run();
        Assert.Equal([.. Enumerable.Range(0, 18).Select(i => (float)(image[(i % 6 * 3) + (i / 6)] / 255.0))], written);
        plan.Write(x, new byte[18]);
        Assert.All(Run(), v => Assert.Equal(0, v));
        fixed (byte* elements = image)
            plan.WriteFrom(x, (nint)elements);
        Assert.Equal(written, Run());

        float[] Run()
        {
            plan.Run(Phase.Forward);
            var result = new float[18];
            plan.Read(y, result);
            return result;
        }
    }
}
