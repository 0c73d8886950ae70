using Sunet.Native.Backends;
using Sunet.Native.Backends.Cuda;
using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;
using Sunet.Verification;
using Sunet.Verification.Reference;

namespace Sunet.Native.Tests.Backends.Cuda.Ops;

/// <summary>Convolutions and fully connected layers on a GPU against the reference in float64.</summary>
public class CudaConvolutionTests(ITestOutputHelper output) : EmulatorTest
{
    private const int Shapes = 12;

    /// <summary>No multiple of a vector, a little more than one, and whole ones.</summary>
    private static readonly int[] Widths = [3, 11, 64];

    public static TheoryData<string, Precision> Products { get; } = new(
        from kind in (string[])[.. OpGraph.Convolutions, nameof(Linear), nameof(LinearDataGradient), nameof(LinearWeightGradient)]
        from precision in Enum.GetValues<Precision>()
        select (kind, precision));

    public static TheoryData<string> Convolutions { get; } = [.. OpGraph.Convolutions];

    [Theory]
    [MemberData(nameof(Products))]
    public void Run_Op_MatchesTheReference(string kind, Precision precision)
    {
        using var backend = new CudaBackend(0, new CudaOptions { Precision = precision, Deterministic = true });
        double worst = 0;
        for (int seed = 0; seed < Shapes; seed++)
        {
            OpGraph op = OpGraph.Create(kind, seed, copies: seed / 2 % 2 == 1, Widths);
            double tolerance = Tolerances.OfOp(kind, op.Reduction, Numeric(precision));
            OpComparison comparison = OpComparison.Run(op.Graph, backend, coarse: precision == Precision.Bf16);
            foreach ((Value value, double error) in comparison.Errors)
            {
                worst = Math.Max(worst, error / tolerance);
                Assert.True(error <= tolerance, $"Shape {seed}, {value}: {error:E2} above {tolerance:E2}.");
            }
        }

        output.WriteLine($"worst {worst:F3} of its tolerance");
    }

    [Theory]
    [MemberData(nameof(Convolutions))]
    public void Run_ConvolutionOfSmallIntegersInFloat32_IsExact(string kind)
    {
        using var backend = new CudaBackend(0, new CudaOptions { Deterministic = true });
        for (int seed = 0; seed < Shapes; seed++)
        {
            OpComparison comparison = OpComparison.Run(OpGraph.Create(kind, seed, copies: false, Widths).Graph, backend, integers: true);
            foreach ((Value value, double error) in comparison.Errors)
                Assert.True(error == 0, $"Shape {seed}, {value}: {error:E2}.");
        }
    }

    [Fact]
    public void Run_Float32_RoundsNothingThatTf32Rounds()
    {
        Assert.True(ErrorOf(Precision.Float32) < 1e-6);
        Assert.True(ErrorOf(Precision.Tf32) > 1e-5, "TF32 was not used where it was allowed, so the other half shows nothing.");

        static double ErrorOf(Precision precision)
        {
            using var backend = new CudaBackend(0, new CudaOptions { Precision = precision });
            return OpComparison.Run(ConvolutionGraph().Graph, backend).Errors.Max(e => e.Error);
        }
    }

    [Theory]
    [InlineData(Precision.Float32)]
    [InlineData(Precision.Bf16)]
    public void Run_SlicesOfAWiderTensor_MatchTheReference(Precision precision)
    {
        using var backend = new CudaBackend(0, new CudaOptions { Precision = precision });
        foreach (int kernel in (int[])[1, 3])
        {
            Graph graph = JoinedGraph(kernel);
            Assert.Contains("in 80", FormatsOf(graph, backend));
            foreach ((Value value, double error) in OpComparison.Run(graph, backend, coarse: true).Errors)
                Assert.True(error <= (precision == Precision.Bf16 ? 1e-2 : 1e-5), $"Kernel {kernel}, {value}: {error:E2}.");
        }
    }

    [Fact]
    public void Run_AsymmetricPadding_MatchesTheReference()
    {
        // Even kernels under PyTorch's "same" padding: one row more at the end, which no symmetric padding gives.
        var graph = new Graph();
        var geometry = new ConvolutionGeometry((1, 1), (1, 1), (0, 1), (1, 2));
        graph.MarkOutput(graph.Add(new Convolution("op", graph.Input("x", new Shape(2, 8, 9, 11)),
            graph.Parameter("w", new Shape(16, 8, 2, 4)), null, geometry)).Output);
        using var backend = new CudaBackend();
        Assert.All(OpComparison.Run(graph, backend).Errors, e => Assert.True(e.Error <= 1e-5, $"{e.Value}: {e.Error:E2}."));
    }

    [Fact]
    public void Run_Repeatedly_AllocatesNothing()
    {
        using var backend = new CudaBackend();
        using Plan plan = Plan.Compile(ConvolutionGraph().Graph, backend, new PlanOptions { Purpose = PlanPurpose.Training });
        plan.Run(Phase.Forward);
        long before = GC.GetAllocatedBytesForCurrentThread();
        plan.Run(Phase.Forward);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    internal static (Graph Graph, Op Op) ConvolutionGraph(int kernel = 3, bool fused = false)
    {
        var graph = new Graph();
        Op op = graph.Add(new Convolution("features.0", graph.Input("x", new Shape(2, 16, 12, 13)),
            graph.Parameter("w", new Shape(32, 16, kernel, kernel)), fused ? graph.Parameter("b", new Shape(32)) : null, Same(kernel),
            fused));
        graph.MarkOutput(op.Output);
        return (graph, op);
    }

    /// <summary>Two convolutions write into one tensor, a third reads it, and their gradients are slices of one.</summary>
    private static Graph JoinedGraph(int kernel)
    {
        var graph = new Graph();
        Value x = graph.Input("x", new Shape(2, 16, 10, 9));
        Value joined = graph.Add(new Concat("joined", Layer("a", x, 16), Layer("b", x, 64))).Output;
        graph.MarkOutput(Layer("c", joined, 24));
        Value dy = graph.Add(new ConvolutionDataGradient("c", graph.Input("dy", new Shape(2, 24, 10, 9)), Weights("dw", 24, 80),
            joined.Shape, Same(kernel))).Output;
        Value slice = graph.Add(new ChannelSlice("slice", dy, 16, 64)).Output;
        graph.MarkOutput(graph.Add(new ConvolutionWeightGradient("b", x, slice, new Shape(64, 16, kernel, kernel), Same(kernel))).Output);
        return graph;

        Value Layer(string name, Value input, int channels) => graph.Add(
            new Convolution(name, input, Weights(name + "w", channels, input.Shape.Channels), null, Same(kernel))).Output;

        Value Weights(string name, int outputs, int inputs) => graph.Parameter(name, new Shape(outputs, inputs, kernel, kernel));
    }

    private static ConvolutionGeometry Same(int kernel) => ConvolutionGeometry.Square(padding: kernel / 2);

    private static string FormatsOf(Graph graph, CudaBackend backend)
    {
        using IBackendSession session = backend.Open(graph, PlanPurpose.Training);
        return string.Join("; ", graph.Ops.SelectMany(o => o.Outputs).Select(session.Layouts.FormatOf));
    }

    private static Precision Numeric(Precision precision) => precision switch
    {
        Precision.Tf32 => Precision.Tf32,
        Precision.Bf16 => Precision.Bf16,
        _ => Precision.Float32,
    };
}
