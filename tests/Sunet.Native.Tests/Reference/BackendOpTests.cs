using Sunet.Native.Backends.Cpu;
using Sunet.Native.Graphs;
using Sunet.Verification;
using Sunet.Verification.Reference;

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
            foreach ((Value value, double error) in Compare(op.Graph))
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
            foreach ((Value value, double error) in Compare(LayerGraph.Create(kind, seed, learnsInput: false, differentiate: true).Graph))
            {
                worst = Math.Max(worst, error);
                Assert.True(error <= 1e-5, $"Shape {seed}, {value}: {error:E2}.");
            }
        }

        output.WriteLine($"worst {worst:E2}");
    }

    private static IReadOnlyList<(Value Value, double Error)> Compare(Graph graph, bool integers = false)
    {
        using var backend = new CpuBackend();
        return OpComparison.Run(graph, backend, integers).Errors;
    }
}
