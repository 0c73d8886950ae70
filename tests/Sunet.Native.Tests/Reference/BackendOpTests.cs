using Sunet.Native.Backends.Cpu;
using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Tensors;

namespace Sunet.Native.Tests.Reference;

/// <summary>Every op on a backend, in float32, against the reference in float64, on random shapes.</summary>
public class BackendOpTests(ITestOutputHelper output)
{
    private const int Shapes = 16;

    public static TheoryData<string> Kinds { get; } = [.. OpGraph.Kinds];

    public static TheoryData<string> Convolutions { get; } = [.. OpGraph.Convolutions];

    public static TheoryData<string> Layers { get; } = [.. LayerGraph.Kinds];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Run_Op_MatchesTheReference(string kind)
    {
        double worst = 0;
        for (int seed = 0; seed < Shapes; seed++)
        {
            OpGraph op = OpGraph.Create(kind, seed, copies: seed / 4 % 2 == 1);

            // Rounding of a sum of K products grows as sqrt(K) units of 2^-24; four of its deviations.
            double tolerance = Math.Max(1e-6, 4 * Math.Sqrt(op.Reduction) * Math.ScaleB(1, -24));
            foreach ((Value value, double error) in Compare(op.Graph, integers: false))
            {
                worst = Math.Max(worst, error / tolerance);
                Assert.True(error <= tolerance, $"Shape {seed}, {value}: {error:E2} above {tolerance:E2}.");
            }
        }

        output.WriteLine($"worst {worst:F3} of its tolerance");
    }

    [Theory]
    [MemberData(nameof(Convolutions))]
    public void Run_ConvolutionOfSmallIntegers_IsExact(string kind)
    {
        for (int seed = 0; seed < Shapes; seed++)
        {
            foreach ((Value value, double error) in Compare(OpGraph.Create(kind, seed, copies: seed / 4 % 2 == 1).Graph, integers: true))
                Assert.True(error == 0, $"Shape {seed}, {value}: {error:E2}.");
        }
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public void Run_LayerWithGradients_MatchesTheReference(string kind)
    {
        double worst = 0;
        for (int seed = 0; seed < Shapes; seed++)
        {
            foreach ((Value value, double error) in Compare(LayerGraph.Create(kind, seed, learnsInput: false, differentiate: true).Graph, integers: false))
            {
                worst = Math.Max(worst, error);
                Assert.True(error <= 1e-5, $"Shape {seed}, {value}: {error:E2}.");
            }
        }

        output.WriteLine($"worst {worst:E2}");
    }

    /// <summary>Runs a graph on both; gives the L2 error of everything it keeps, relative to what the reference has.</summary>
    private static IEnumerable<(Value Value, double Error)> Compare(Graph graph, bool integers)
    {
        var reference = new ReferenceExecutor(graph);
        GraphValues.Write(graph, reference, integers);
        reference.Run();

        using IBackend backend = new CpuBackend();
        using Plan plan = Plan.Compile(graph, backend, new PlanOptions { Purpose = PlanPurpose.Training });
        foreach (Value value in graph.Inputs.Concat(graph.Parameters).Concat(graph.Buffers))
        {
            float[] elements = GraphValues.Of(value, integers);
            if (value.Type == DataType.Int32)
                plan.Write(value, Array.ConvertAll(elements, v => (int)v));
            else
                plan.Write(value, elements);
        }

        foreach (Phase phase in Enum.GetValues<Phase>())
            plan.Run(phase);
        Value[] kept = [.. graph.Outputs, .. graph.Buffers, .. graph.Ops.SelectMany(o => o.Outputs).Where(v => v.GradientOf is not null)];
        Assert.NotEmpty(kept);
        foreach (Value value in kept)
            yield return (value, Error(Read(plan, value), reference[value]));
    }

    private static double Error(double[] actual, double[] expected) =>
        expected.All(e => e == 0) ? actual.Max(Math.Abs) : GoldenErrors.Distance(actual, expected);

    private static double[] Read(Plan plan, Value value)
    {
        switch (value.Type)
        {
            case DataType.Int32:
                var integers = new int[value.Shape.Count];
                plan.Read(value, integers);
                return Array.ConvertAll(integers, v => (double)v);
            case DataType.UInt8:
                var bytes = new byte[value.Shape.Count];
                plan.Read(value, bytes);
                return Array.ConvertAll(bytes, v => (double)v);
            default:
                var floats = new float[value.Shape.Count];
                plan.Read(value, floats);
                return Array.ConvertAll(floats, v => (double)v);
        }
    }
}
