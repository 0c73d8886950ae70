using Sunet.Native.Backends;
using Sunet.Native.Backends.Cuda;
using Sunet.Native.Graphs;
using Sunet.Native.Inference;
using Sunet.Native.Models;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;
using Sunet.Native.Tests.Inference;
using Sunet.Verification;
using Sunet.Verification.Reference;

namespace Sunet.Native.Tests.Backends.Cuda.Ops;

/// <summary>What begins and ends with bytes on a GPU: against the reference, and against the same on the host.</summary>
public class CudaImageTests : EmulatorTest
{
    public static TheoryData<string, Precision> Ops { get; } = new(
        from kind in new[] { nameof(NormalizeImage), nameof(ConfusionCounts) }
        from precision in new[] { Precision.Float32, Precision.Bf16 }
        select (kind, precision));

    [Theory]
    [MemberData(nameof(Ops))]
    public void Run_Op_MatchesTheReference(string kind, Precision precision)
    {
        using var backend = new CudaBackend(0, new CudaOptions { Precision = precision });
        Precision numbers = precision == Precision.Bf16 ? Precision.Bf16 : Precision.Float32;
        for (int seed = 0; seed < 12; seed++)
        {
            OpGraph op = OpGraph.Create(kind, seed, copies: false);
            double tolerance = kind == nameof(ConfusionCounts) ? 0 : Tolerances.OfOp(kind, op.Reduction, numbers);
            foreach ((Value value, double error) in OpComparison.Run(op.Graph, backend).Errors)
                Assert.True(error <= tolerance, $"Shape {seed}, {value}: {error:E2} above {tolerance:E2}.");
        }
    }

    [Theory]
    [InlineData(Precision.Float32, "nhwc f32", 1e-6)]
    [InlineData(Precision.Bf16, "nhwc bf16", 1.0 / 128)]
    public void Run_ResizedImage_HasTheElementsOfAnInput(Precision precision, string format, double tolerance)
    {
        var graph = new Graph();
        Value x = graph.Input("x", new Shape(2, 9, 13, 3), DataType.UInt8);
        Value planes = graph.Add(new NormalizeImage("normalize", x, ImageNormalization.ImageNet)).Output;
        Value resized = graph.MarkOutput(graph.Add(new BilinearResize("resize", planes, (17, 11))).Output);
        using var backend = new CudaBackend(0, new CudaOptions { Precision = precision });
        using (IBackendSession session = backend.Open(graph, PlanPurpose.Inference))
            Assert.Equal(("abcd u8", format, format),
                (session.Layouts.FormatOf(x), session.Layouts.FormatOf(planes), session.Layouts.FormatOf(resized)));
        Assert.All(OpComparison.Run(graph, backend).Errors, e => Assert.InRange(e.Error, 0, tolerance));
    }

    [Theory]
    [InlineData(Precision.Float32, true)]
    [InlineData(Precision.Float32, false)]
    [InlineData(Precision.Bf16, true)]
    public void Count_SeveralTimes_EqualsSegmentAndAdd(Precision precision, bool useGraphs)
    {
        const int height = 33, width = 45;
        SunetModel model = CountTests.Balanced();
        Rgb[,] image = CountTests.Image(height, width);
        byte[,] labels = CountTests.Labels(height, width), predictions = new byte[height, width];
        using var backend = new CudaBackend(0, new CudaOptions { Precision = precision, UseGraphs = useGraphs });
        using var predictor = new Predictor(model, new PredictorOptions(), backend);
        ConfusionMatrix expected = new(3), counted = new(3);
        predictor.Segment(image, predictions);
        Assert.Equal(CountTests.LabelsOfFloats(model, image, backend), predictions.Cast<byte>());
        Assert.Equal(3, predictions.Cast<byte>().Distinct().Count());

        // The call runs as it is, is captured, and is replayed.
        for (int time = 0; time < 4; time++)
        {
            labels[time, 0] = (byte)(time % 3);
            expected.Add(labels, predictions);
            predictor.Count(image, labels, counted);
            CountTests.AssertEqual(expected, counted);
        }

        labels[0, 0] = 3;
        Assert.Throws<ArgumentException>(() => predictor.Count(image, labels, counted));
        CountTests.AssertEqual(expected, counted);
    }
}
