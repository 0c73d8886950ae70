using Sunet.Native.Backends.Cpu;
using Sunet.Native.Backends.Cuda;

namespace Sunet.Native.Tests.Cuda;

/// <summary>Every op and every kind of layer on the emulated device, against the reference in float64 and against the CPU.</summary>
public sealed class CudaOpTests : EmulatorTest
{
    private static readonly NumericPrecision[] Precisions = Enum.GetValues<NumericPrecision>();

    public static TheoryData<string, NumericPrecision> Ops { get; } =
        new(from kind in OpGraph.Kinds from precision in Precisions select (kind, precision));

    public static TheoryData<string> Kinds { get; } = [.. OpGraph.Kinds];

    public static TheoryData<string> Layers { get; } = [.. LayerGraph.Kinds];

    [Theory]
    [MemberData(nameof(Ops))]
    public void Run_Op_MatchesTheReference(string kind, NumericPrecision precision)
    {
        using var backend = new CudaBackend(0, new CudaOptions { Precision = Enum.Parse<CudaPrecision>(precision.ToString()) });
        AssertPassed(OpChecks.Op(backend, kind, new SelfTestOptions { Precision = precision }, TestContext.Current.CancellationToken));
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public void Run_LayerWithGradients_MatchesTheReference(string kind)
    {
        using var backend = new CudaBackend();
        AssertPassed(OpChecks.Layer(backend, kind, new SelfTestOptions(), TestContext.Current.CancellationToken));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Run_Op_MatchesTheCpu(string kind)
    {
        using var cpu = new CpuBackend(threads: 1);
        using var cuda = new CudaBackend();
        for (int seed = 0; seed < 4; seed++)
        {
            OpGraph op = OpGraph.Create(kind, seed, copies: seed % 2 == 1);
            OpComparison expected = OpComparison.Run(op.Graph, cpu), actual = OpComparison.Run(op.Graph, cuda);

            // Both round, so they may be as far apart as both tolerances together.
            double tolerance = 2 * Tolerances.OfOp(kind, op.Reduction, NumericPrecision.Float32);
            for (int i = 0; i < expected.Results.Count; i++)
            {
                double error = OpComparison.Error(actual.Results[i], expected.Results[i]);
                Assert.True(error <= tolerance, $"Shape {seed}, {expected.Errors[i].Value}: {error:E2} above {tolerance:E2}.");
            }
        }
    }

    [Fact]
    public void Run_Float32_IsNotRoundedToTf32()
    {
        // What TF32 would err by is far outside of float32's tolerance, so a check that passes shows that it was not used.
        using var backend = new CudaBackend(0, new CudaOptions { Precision = CudaPrecision.Tf32 });
        SelfTestCheck check = OpChecks.Op(backend, OpGraph.Convolutions[0], new SelfTestOptions(), TestContext.Current.CancellationToken);
        Assert.False(check.Passed, $"{check}");
    }

    private static void AssertPassed(SelfTestCheck check) => Assert.True(check.Passed, $"{check} {string.Join(" ", Emulator.Violations)}");
}
