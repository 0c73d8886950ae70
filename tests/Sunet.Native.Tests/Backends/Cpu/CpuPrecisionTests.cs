using Sunet.Native.Backends;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Interop.Cpu;
using Sunet.Verification;
using Sunet.Verification.Reference;

namespace Sunet.Native.Tests.Backends.Cpu;

/// <summary>Every op on the CPU in bfloat16, with the self-test's tolerances; what they would let through; where it is refused.</summary>
public sealed class CpuPrecisionTests
{
    public static TheoryData<string> Ops { get; } = [.. OpGraph.Kinds];

    public static TheoryData<string> Convolutions { get; } = [.. OpGraph.Convolutions];

    [Theory]
    [MemberData(nameof(Ops))]
    public void Run_OpInBf16_StaysWithinTheTolerance(string kind) => Bf16Cpu.Run(backend =>
    {
        SelfTestCheck check = Check(backend, kind, Precision.Bf16);
        Assert.True(check.Passed, $"{check}");
    });

    /// <summary>Bfloat16 that passed for more than it is would not be noticed to be at work.</summary>
    [Theory]
    [MemberData(nameof(Convolutions))]
    public void Run_ConvolutionInBf16_IsNoMoreThanThat(string kind) => Bf16Cpu.Run(backend =>
    {
        SelfTestCheck check = Check(backend, kind, Precision.Tf32);
        Assert.False(check.Passed, $"{check}");
        Assert.True(double.IsFinite(check.Error), $"{check}");
    });

    [Fact]
    public void RequirePrecision_CpuWithoutBf16_SaysWhatIsMissing()
    {
        NativeRuntimeInfo runtime = NativeRuntime.Query() with { HasBFloat16 = false, InstructionSet = "AVX2" };
        CpuBackend.RequirePrecision(Precision.Float32, runtime);
        string message = Assert.Throws<BackendException>(() => CpuBackend.RequirePrecision(Precision.Bf16, runtime)).Message;
        Assert.Contains("AVX-512 BF16", message, StringComparison.Ordinal);
        Assert.Contains("AVX2", message, StringComparison.Ordinal);
        CpuBackend.RequirePrecision(Precision.Bf16, runtime with { HasBFloat16 = true });
    }

    [Fact]
    public void Constructor_PrecisionThatIsNone_IsRefused() =>
        Assert.Throws<ConfigurationException>(() => new CpuBackend(new CpuOptions { Precision = (Precision)7 }));

    private static SelfTestCheck Check(CpuBackend backend, string kind, Precision promised) =>
        OpChecks.Op(backend, kind, new SelfTestOptions { Precision = promised }, TestContext.Current.CancellationToken);
}
