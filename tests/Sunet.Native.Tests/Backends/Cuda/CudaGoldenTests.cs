using Sunet.Native.Backends;
using Sunet.Native.Backends.Cuda;
using Sunet.Verification;
using Sunet.Verification.Golden;

namespace Sunet.Native.Tests.Backends.Cuda;

/// <summary>Networks on the emulated GPU against PyTorch's float64, with the bars of every backend.</summary>
public sealed class CudaGoldenTests(ITestOutputHelper output) : EmulatorTest
{
    /// <summary>All of the smallest network, and of the larger ones each head and each way to have output stride 8 or 16.</summary>
    public static TheoryData<string> Cases { get; } =
    [
        "sunet64-seg-os32", "sunet64-seg-os16", "sunet64-seg-os16-odd", "sunet64-seg-os8", "sunet64-strided-os16", "sunet64-cls",
        "sunet128-seg-os16", "sunet7128-seg-os16",
    ];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Backend_GoldenCase_StaysWithinItsBars(string name)
    {
        using var backend = new CudaBackend();
        GoldenErrors errors = Measure(name, backend);
        Assert.Multiple(
            () => Assert.InRange(errors.Loss, 0, 1e-5),
            () => Assert.InRange(errors.Low, 0, 1e-5),
            () => Assert.InRange(errors.Logits, 0, 1e-5),
            () => Assert.InRange(errors.EvaluationLow, 0, 1e-5),
            () => Assert.InRange(errors.EvaluationLogits, 0, 1e-5),
            () => Assert.InRange(errors.Running, 0, 1e-5),
            () => Assert.InRange(errors.WorstGradient, 0, 0.05),
            () => Assert.InRange(errors.MedianGradient, 0, 0.005));
    }

    [Theory]
    [InlineData("sunet64-seg-os16")]
    [InlineData("sunet64-cls")]
    [InlineData("sunet7128-seg-os16")]
    public void Backend_InBf16_KeepsLogitsAndLoss(string name)
    {
        using var backend = new CudaBackend(0, new CudaOptions { Precision = Precision.Bf16 });
        GoldenErrors errors = Measure(name, backend);
        Assert.Multiple(
            () => Assert.InRange(errors.Loss, 0, 0.03),
            () => Assert.InRange(errors.Low, 0, 0.03),
            () => Assert.InRange(errors.Logits, 0, 0.03),
            () => Assert.InRange(errors.EvaluationLow, 0, 0.03),
            () => Assert.InRange(errors.EvaluationLogits, 0, 0.03));

        // Full-size logits are compared by their summary alone, which rounding may leave as it is.
        Assert.True(errors.Low > 1e-4, "Logits this close were not computed in bf16.");
    }

    [Theory]
    [InlineData("sunet64-seg-os16")]
    [InlineData("sunet64-cls")]
    public void Trainer_GoldenCase_DescendsAsPyTorch(string name)
    {
        using var backend = new CudaBackend();
        AssertPassed(GoldenChecks.Descent(backend, name, 1e-4, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Predictor_MultiScale_MatchesPyTorch(bool flip)
    {
        using var backend = new CudaBackend();
        GoldenBars bars = Tolerances.OfNetwork(Precision.Float32);
        foreach (SelfTestCheck check in GoldenChecks.MultiScale(backend, "multiscale-sunet64-os16", flip, bars))
            AssertPassed(check);
    }

    private GoldenErrors Measure(string name, CudaBackend backend)
    {
        GoldenCase golden = GoldenCase.Read(name);
        var errors = new GoldenErrors(golden, GoldenRun.On(backend, golden));
        output.WriteLine($"{name}{Environment.NewLine}{errors}");
        return errors;
    }

    private void AssertPassed(SelfTestCheck check)
    {
        output.WriteLine($"{check.Name}, {check.Detail}: {check.Error:E2}");
        Assert.True(check.Passed, $"{check}");
    }
}
