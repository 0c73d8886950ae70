using Sunet.Native.Backends.Cpu;
using Sunet.Native.Models;
using Sunet.Native.Tests.Backends.Cpu;
using Sunet.Native.Tests.Facade;
using Sunet.Native.Training;

namespace Sunet.Native.Tests.Training;

/// <summary>Averages of weights and running statistics on the CPU.</summary>
[Trait("Processors", "all")]
public sealed class WeightAverageTests : IDisposable
{
    private readonly CpuBackend backend = new(threads: 2);

    public void Dispose() => backend.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Step_WithAnAverage_FollowsTheRecursion(int accumulate) => AveragedSteps.FollowTheRecursion(backend, accumulate);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Resume_WithAnAverage_EndsInTheSameBits(int accumulate) => AveragedSteps.ResumeToTheBit(backend, accumulate);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Step_ThatIsRefused_MovesNoAverage(int accumulate) => AveragedSteps.KeepTheAverageOfARefusedStep(backend, accumulate);

    [Fact]
    public void Step_InBf16_AveragesTheFloat32Weights() =>
        Bf16Cpu.Run(narrow => AveragedSteps.FollowTheRecursion(narrow, accumulate: 1), threads: 2);

    [Fact]
    public void CopyAverageTo_WithoutAnAverage_SaysHowToKeepOne()
    {
        using FixedBatches batches = SmallModel.Batches();
        using Trainer trainer = SmallModel.Trainer(batches, backend);
        Assert.Contains("AverageDecay", Assert.Throws<InvalidOperationException>(
            () => trainer.CopyAverageTo(SunetModel.Create(SmallModel.Spec))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1)]
    [InlineData(double.NaN)]
    public void Trainer_DecayOutOfRange_IsRefused(double decay)
    {
        using FixedBatches batches = SmallModel.Batches();
        Assert.Throws<ConfigurationException>(() => SmallModel.Trainer(batches, backend, SmallModel.Options with { AverageDecay = decay }));
    }
}
