using System.Diagnostics;
using Sunet.Native.Backends;
using Sunet.Native.Backends.Cpu;
using Sunet.Verification;
using Sunet.Verification.Golden;

namespace Sunet.Native.Tests.Golden;

/// <summary>Networks against PyTorch's float64: forward, gradients, running statistics, descent, multi-scale prediction.</summary>
public class GoldenTests(ITestOutputHelper output)
{
    /// <summary>
    /// Float64 on both sides; what is left is the graph's epsilon, which is a float32 and 2.5e-8 of itself below PyTorch's.
    /// </summary>
    private const double ReferenceBar = 1e-10;

    /// <summary>The cases have low logits rounded to nine decimals.</summary>
    private const double RoundedBar = 1e-9;

    public static TheoryData<string> Cases { get; } =
    [
        "sunet64-seg-os32", "sunet64-seg-os16", "sunet64-seg-os16-odd", "sunet64-seg-os8", "sunet64-strided-os16", "sunet64-cls",
        "sunet128-seg-os16", "sunet7128-seg-os16", "sunet7128-degrid-os8", "sunet7128-cls",
    ];

    [Theory]
    [InlineData("sunet64-seg-os16")]
    [InlineData("sunet64-seg-os16-odd")]
    [InlineData("sunet64-cls")]
    public void Reference_GoldenCase_MatchesPyTorchInFloat64(string name)
    {
        var errors = Measure(name, GoldenRun.OnReference);
        Assert.Multiple(
            () => Assert.InRange(errors.Loss, 0, ReferenceBar),
            () => Assert.InRange(errors.Low, 0, RoundedBar),
            () => Assert.InRange(errors.Logits, 0, ReferenceBar),
            () => Assert.InRange(errors.EvaluationLow, 0, RoundedBar),
            () => Assert.InRange(errors.EvaluationLogits, 0, ReferenceBar),
            () => Assert.InRange(errors.Running, 0, ReferenceBar),
            () => Assert.InRange(errors.WorstGradient, 0, ReferenceBar));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Backend_GoldenCase_StaysWithinItsBars(string name)
    {
        using IBackend backend = new CpuBackend();
        var errors = Measure(name, golden => GoldenRun.On(backend, golden));
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
    public void Trainer_GoldenCase_DescendsAsPyTorch(string name)
    {
        using IBackend backend = new CpuBackend();
        AssertPassed(GoldenChecks.Descent(backend, name, 1e-4, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("multiscale-sunet64-os16", false)]
    [InlineData("multiscale-sunet64-os16", true)]
    [InlineData("multiscale-sunet64-os8-97x143", true)]
    [InlineData("multiscale-sunet64-os16-111x64", true)]
    public void Predictor_MultiScale_MatchesPyTorch(string name, bool flip)
    {
        using IBackend backend = new CpuBackend();
        foreach (SelfTestCheck check in GoldenChecks.MultiScale(backend, name, flip, Tolerances.OfNetwork(Precision.Float32)))
            AssertPassed(check);
    }

    private void AssertPassed(SelfTestCheck check)
    {
        output.WriteLine($"{check.Name}, {check.Detail}: {check.Error:E2}");
        Assert.True(check.Passed, $"{check}");
    }

    private GoldenErrors Measure(string name, Func<GoldenCase, GoldenRun> run)
    {
        GoldenCase golden = GoldenCase.Read(name);
        var time = Stopwatch.StartNew();
        var errors = new GoldenErrors(golden, run(golden));
        output.WriteLine($"{name}, {time.Elapsed.TotalSeconds:F1} s{Environment.NewLine}{errors}");
        return errors;
    }
}
