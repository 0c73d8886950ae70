using Sunet.Native.Backends.Cuda;
using Sunet.Verification;
using Sunet.Verification.Reference;

namespace Sunet.Native.Tests.Cuda;

/// <summary>Every op on the emulated GPU in less than float32, with the self-test's own tolerances; and what they would let through.</summary>
public sealed class CudaPrecisionTests : EmulatorTest
{
    private static readonly NumericPrecision[] Reduced = [NumericPrecision.Tf32, NumericPrecision.Bf16];

    public static TheoryData<string, NumericPrecision> Ops { get; } =
        new(from kind in OpGraph.Kinds from precision in Reduced select (kind, precision));

    public static TheoryData<string, NumericPrecision, NumericPrecision> Mistaken { get; } = new(
        from kind in OpGraph.Convolutions
        from pair in new[] { (NumericPrecision.Tf32, NumericPrecision.Float32), (NumericPrecision.Bf16, NumericPrecision.Tf32) }
        select (kind, pair.Item1, pair.Item2));

    [Theory]
    [MemberData(nameof(Ops))]
    public void Run_Op_StaysWithinTheTolerance(string kind, NumericPrecision precision)
    {
        SelfTestCheck check = Check(kind, precision, precision);
        Assert.True(check.Passed, $"{check} {string.Join(" ", Emulator.Violations)}");
    }

    /// <summary>A device that rounds more than it was told to must be found out.</summary>
    [Theory]
    [MemberData(nameof(Mistaken))]
    public void Run_ConvolutionInLessThanPromised_FailsItsCheck(string kind, NumericPrecision used, NumericPrecision promised)
    {
        SelfTestCheck check = Check(kind, used, promised);
        Assert.False(check.Passed, $"{check}");
        Assert.True(double.IsFinite(check.Error), $"{check}");
    }

    private static SelfTestCheck Check(string kind, NumericPrecision used, NumericPrecision promised)
    {
        using var backend = new CudaBackend(0, new CudaOptions { Precision = Enum.Parse<CudaPrecision>(used.ToString()) });
        return OpChecks.Op(backend, kind, new SelfTestOptions { Precision = promised }, TestContext.Current.CancellationToken);
    }
}
