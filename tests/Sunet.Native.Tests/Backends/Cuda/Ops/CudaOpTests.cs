using Sunet.Native.Backends.Cpu;
using Sunet.Native.Backends.Cuda;
using Sunet.Native.Graphs;
using Sunet.Verification;
using Sunet.Verification.Reference;

namespace Sunet.Native.Tests.Backends.Cuda.Ops;

/// <summary>Every op on the emulated GPU: against the reference in float64, and against the CPU backend.</summary>
public sealed class CudaOpTests(ITestOutputHelper output) : EmulatorTest
{
    private const int Shapes = 8;

    public static TheoryData<string> Kinds { get; } = [.. OpGraph.Kinds];

    public static TheoryData<string> Convolutions { get; } = [.. OpGraph.Convolutions];

    public static TheoryData<string> Layers { get; } = [.. LayerGraph.Kinds];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Run_Op_MatchesReferenceAndCpu(string kind)
    {
        using var cuda = new CudaBackend();
        using var cpu = new CpuBackend();
        double worst = 0;
        for (int seed = 0; seed < Shapes; seed++)
        {
            OpGraph op = OpGraph.Create(kind, seed, copies: seed / 4 % 2 == 1);

            // Rounding of a sum of K products grows as sqrt(K) units of 2^-24; four of its deviations.
            double tolerance = Math.Max(1e-6, 4 * Math.Sqrt(op.Reduction) * Math.ScaleB(1, -24));
            OpComparison found = OpComparison.Run(op.Graph, cuda), expected = OpComparison.Run(op.Graph, cpu);
            for (int i = 0; i < found.Errors.Count; i++)
            {
                (Value value, double error) = found.Errors[i];
                worst = Math.Max(worst, error / tolerance);
                Assert.True(error <= tolerance, $"Shape {seed}, {value}: {error:E2} from the reference, above {tolerance:E2}.");
                double apart = OpComparison.Error(found.Results[i], expected.Results[i]);
                Assert.True(apart <= 2 * tolerance, $"Shape {seed}, {value}: {apart:E2} from the CPU backend, above {2 * tolerance:E2}.");
            }
        }

        output.WriteLine($"worst {worst:F3} of its tolerance");
    }

    [Theory]
    [MemberData(nameof(Convolutions))]
    public void Run_ConvolutionOfSmallIntegers_IsExact(string kind)
    {
        // Engines that are not deterministic round by chance, on the emulator at least.
        using var backend = new CudaBackend(0, new CudaOptions { Deterministic = true });
        for (int seed = 0; seed < Shapes; seed++)
        {
            OpGraph op = OpGraph.Create(kind, seed, copies: seed / 4 % 2 == 1);
            foreach ((Value value, double error) in OpComparison.Run(op.Graph, backend, integers: true).Errors)
                Assert.True(error == 0, $"Shape {seed}, {value}: {error:E2}.");
        }
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public void Run_LayerWithGradients_MatchesTheReference(string kind)
    {
        using var backend = new CudaBackend();
        for (int seed = 0; seed < Shapes; seed++)
        {
            LayerGraph layer = LayerGraph.Create(kind, seed, learnsInput: false, differentiate: true);
            foreach ((Value value, double error) in OpComparison.Run(layer.Graph, backend).Errors)
                Assert.True(error <= 1e-5, $"Shape {seed}, {value}: {error:E2}.");
        }
    }
}
