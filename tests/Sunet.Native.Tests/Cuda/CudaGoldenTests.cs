using Sunet.Native.Backends.Cuda;

namespace Sunet.Native.Tests.Cuda;

/// <summary>Whole networks on the emulated device against PyTorch's float64.</summary>
public sealed class CudaGoldenTests(ITestOutputHelper output) : EmulatorTest
{
    public static TheoryData<string> Cases { get; } =
    [
        "sunet64-seg-os32", "sunet64-seg-os16", "sunet64-seg-os16-odd", "sunet64-seg-os8", "sunet64-strided-os16", "sunet64-cls",
        "sunet128-seg-os16", "sunet7128-seg-os16",
    ];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Network_Float32_StaysWithinItsBars(string name) => AssertPassed(name, NumericPrecision.Float32, checks: 6);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Network_Bf16_StaysWithinItsBars(string name) => AssertPassed(name, NumericPrecision.Bf16, checks: 4);

    [Fact]
    public void Network_Tf32_StaysWithinItsBars() => AssertPassed("sunet64-seg-os16", NumericPrecision.Tf32, checks: 4);

    [Theory]
    [InlineData("sunet64-seg-os16", NumericPrecision.Float32)]
    [InlineData("sunet64-cls", NumericPrecision.Float32)]
    [InlineData("sunet64-seg-os16", NumericPrecision.Bf16)]
    public void Trainer_GoldenCase_DescendsAsPyTorch(string name, NumericPrecision precision)
    {
        using CudaBackend backend = Open(precision);
        AssertPassed(GoldenChecks.Descent(backend, name, Tolerances.OfNetwork(precision).Descent, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Predictor_MultiScale_MatchesPyTorch()
    {
        using CudaBackend backend = Open(NumericPrecision.Float32);
        foreach (SelfTestCheck check in GoldenChecks.MultiScale(backend, flip: true, Tolerances.OfNetwork(NumericPrecision.Float32)))
            AssertPassed(check);
    }

    private void AssertPassed(string name, NumericPrecision precision, int checks)
    {
        using CudaBackend backend = Open(precision);
        List<SelfTestCheck> found = GoldenChecks.Network(backend, name, Tolerances.OfNetwork(precision));
        Assert.Equal(checks, found.Count);
        foreach (SelfTestCheck check in found)
            AssertPassed(check);
    }

    private void AssertPassed(SelfTestCheck check)
    {
        output.WriteLine($"{check.Name}, {check.Detail}: {check.Error:E2} of {check.Tolerance:E0}");
        Assert.True(check.Passed, $"{check} {string.Join(" ", Emulator.Violations)}");
    }

    private static CudaBackend Open(NumericPrecision precision) =>
        new(0, new CudaOptions { Precision = Enum.Parse<CudaPrecision>(precision.ToString()) });
}
