using Sunet.Native.Backends.Cpu;
using Sunet.Native.Ops;
using Sunet.Native.Tests.Facade;
using Sunet.Verification;
using Sunet.Verification.Reference;

namespace Sunet.Native.Tests.Verification;

/// <summary>The self-test passes a backend that is right and fails one that is wrong anywhere.</summary>
public sealed class SelfTestTests(ITestOutputHelper output) : IDisposable
{
    private static readonly SelfTestOptions Quick = new() { Quick = true };
    private readonly CpuBackend backend = new(threads: 1);

    public static TheoryData<string> Kinds { get; } = [.. OpGraph.Kinds];

    public void Dispose() => backend.Dispose();

    [Fact]
    public void Run_RightBackend_PassesAllChecks()
    {
        var reported = new Recorder();
        SelfTestReport report = SelfTest.Run(backend, Quick, reported, TestContext.Current.CancellationToken);
        Assert.All(report.Checks, check => Assert.True(check.Passed, $"{check}"));
        Assert.True(report.Passed);
        Assert.Equal(report.Checks, reported.Checks);
        Assert.Equal(["op", "layer", "golden"], report.Checks.Select(c => c.Group).Distinct());
        Assert.Equal(OpGraph.Kinds, report.Checks.Where(c => c.Group == "op").Select(c => c.Name));
        foreach (SelfTestCheck check in report.Checks)
        {
            output.WriteLine($"{check.Group} {check.Name} {check.Error:E2} of {check.Tolerance:E2}, "
                + $"{check.Milliseconds:F1} ms, {check.Detail}");
        }
    }

    [Fact]
    public void Run_OfSomeChecks_MakesThoseAlone()
    {
        SelfTestOptions some = Quick with { Only = ["layer", nameof(Relu), "sunet64-seg-os16"] };
        SelfTestReport report = SelfTest.Run(backend, some, cancellation: TestContext.Current.CancellationToken);
        Assert.True(report.Passed);
        Assert.Equal([nameof(Relu)], report.Checks.Where(c => c.Group == "op").Select(c => c.Name));
        Assert.Equal(LayerGraph.Kinds, report.Checks.Where(c => c.Group == "layer").Select(c => c.Name));
        Assert.Equal(["sunet64-seg-os16"], report.Checks.Where(c => c.Group == "golden").Select(c => c.Name).Distinct());
        Assert.False(some.CoversTraining);
        Assert.True((some with { Only = ["training"] }).CoversTraining);
    }

    [Fact]
    public void Run_OfACheckThereIsNot_SaysWhichThereAre()
    {
        var failure = Assert.Throws<ArgumentException>(() => SelfTest.Run(backend, Quick with { Only = ["relu"] }));
        Assert.Contains("'relu'", failure.Message, StringComparison.Ordinal);
        Assert.Contains(nameof(Relu), failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Op_FirstElementWrong_FailsItsCheck(string kind)
    {
        using var planted = new FaultyBackend(backend) { Replace = PlantedCall.In(kind, v => v + 0.25f) };
        SelfTestCheck check = OpChecks.Op(planted, kind, Quick, TestContext.Current.CancellationToken);
        Assert.False(check.Passed, $"{check}");
        Assert.True(double.IsFinite(check.Error), $"{check}");
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Op_ResultNotFinite_FailsItsCheck(float value)
    {
        using var planted = new FaultyBackend(backend) { Replace = PlantedCall.In(nameof(Relu), _ => value) };
        Assert.False(OpChecks.Op(planted, nameof(Relu), Quick, TestContext.Current.CancellationToken).Passed);
    }

    [Fact]
    public void Run_BackendThatRefusesAnOp_FailsItsCheckAndGoesOn()
    {
        using var refusing = new FaultyBackend(backend)
        {
            Replace = (op, call) => op is not AveragePoolGradient ? call : throw new BackendException("There is no such op.", "none"),
        };
        SelfTestReport report = SelfTest.Run(refusing, Quick, cancellation: TestContext.Current.CancellationToken);
        Assert.False(report.Passed);
        SelfTestCheck check = report.Checks.Single(c => c.Name == nameof(AveragePoolGradient));
        Assert.Equal("There is no such op.", check.Detail);
        Assert.True(report.Checks.Single(c => c.Name == nameof(ArgMax)).Passed);
        Assert.All(report.Checks.Where(c => c.Group == "golden"), c => Assert.False(c.Passed));
        Assert.False(SelfTest.RepeatTraining(refusing, TestContext.Current.CancellationToken).Passed);
    }

    [Fact]
    public void Run_WrongGradient_FailsTheGoldenCase()
    {
        using var planted = new FaultyBackend(backend) { Replace = PlantedCall.In(nameof(BatchNormGradient), v => v + 1) };
        SelfTestCheck[] checks = [.. GoldenChecks.Run(planted, Quick, TestContext.Current.CancellationToken)];
        Assert.True(checks.First(c => c.Detail == "prediction logits").Passed);
        Assert.False(checks.First(c => c.Detail == "worst gradient").Passed);
    }

    [Fact]
    public void Repeat_BackendWithOtherBitsEachTime_Fails()
    {
        int run = 0;
        using var unsteady = new FaultyBackend(backend) { Replace = PlantedCall.In(nameof(BiasGradient), v => v + (1e-4f * ++run)) };
        Assert.True(SelfTest.RepeatTraining(backend, TestContext.Current.CancellationToken).Passed);
        SelfTestCheck check = SelfTest.RepeatTraining(unsteady, TestContext.Current.CancellationToken);
        Assert.True(check.Error > 0 && !check.Passed, $"{check}");
    }

    [Fact]
    public void Compare_EqualBackends_Passes()
    {
        SelfTestCheck check = TrainingChecks.Compare(backend, backend, steps: 60, tolerance: 0.05, TestContext.Current.CancellationToken);
        output.WriteLine($"{check}");
        Assert.True(check.Passed, $"{check}");
        Assert.Equal(0, check.Error);
    }

    [Theory]
    [InlineData(1.03f, true)]
    [InlineData(1.1f, false)]
    [InlineData(float.NaN, false)]
    public void Compare_LossOffByAFactor_PassesWithinTheTolerance(float factor, bool passes)
    {
        using var planted = new FaultyBackend(backend) { Replace = PlantedCall.In(nameof(SoftmaxCrossEntropy), v => v * factor) };
        SelfTestCheck check = TrainingChecks.Compare(backend, planted, steps: 60, tolerance: 0.05, TestContext.Current.CancellationToken);
        Assert.True(check.Passed == passes, $"{check}");
    }

    [Fact]
    public void Compare_ReferenceThatDoesNotLearn_Fails()
    {
        using var planted = new FaultyBackend(backend) { Replace = PlantedCall.In(nameof(SoftmaxCrossEntropy), _ => 1.5f) };
        Assert.False(TrainingChecks.Compare(planted, planted, steps: 60, tolerance: 0.05, TestContext.Current.CancellationToken).Passed);
    }

    private sealed class Recorder : IProgress<SelfTestCheck>
    {
        public List<SelfTestCheck> Checks { get; } = [];

        public void Report(SelfTestCheck value) => Checks.Add(value);
    }
}
