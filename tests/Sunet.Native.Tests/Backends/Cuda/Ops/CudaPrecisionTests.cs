using Sunet.Native.Backends;
using Sunet.Native.Backends.Cuda;
using Sunet.Verification;
using Sunet.Verification.Reference;

namespace Sunet.Native.Tests.Backends.Cuda.Ops;

/// <summary>
/// Every op on the emulated GPU in less than float32, with the self-test's own tolerances; and what they would let through.
/// </summary>
public sealed class CudaPrecisionTests : EmulatorTest
{
    private static readonly Precision[] Reduced = [Precision.Tf32, Precision.Bf16];

    public static TheoryData<string, Precision> Ops { get; } =
        new(from kind in OpGraph.Kinds from precision in Reduced select (kind, precision));

    public static TheoryData<string, Precision, Precision> Mistaken { get; } = new(
        from kind in OpGraph.Convolutions
        from pair in new[] { (Precision.Tf32, Precision.Float32), (Precision.Bf16, Precision.Tf32) }
        select (kind, pair.Item1, pair.Item2));

    [Theory]
    [MemberData(nameof(Ops))]
    public void Run_Op_StaysWithinTheTolerance(string kind, Precision precision)
    {
        SelfTestCheck check = Check(kind, precision, precision);
        Assert.True(check.Passed, $"{check} {string.Join(" ", Emulator.Violations)}");
    }

    /// <summary>A device that rounds more than it was told to must be found out.</summary>
    [Theory]
    [MemberData(nameof(Mistaken))]
    public void Run_ConvolutionInLessThanPromised_FailsItsCheck(string kind, Precision used, Precision promised)
    {
        SelfTestCheck check = Check(kind, used, promised);
        Assert.False(check.Passed, $"{check}");
        Assert.True(double.IsFinite(check.Error), $"{check}");
    }

    private static SelfTestCheck Check(string kind, Precision used, Precision promised)
    {
        using var backend = new CudaBackend(0, new CudaOptions { Precision = Enum.Parse<Precision>(used.ToString()) });
        return OpChecks.Op(backend, kind, new SelfTestOptions { Precision = promised }, TestContext.Current.CancellationToken);
    }
}
