using Sunet.Native.Backends.Cpu;
using Sunet.Native.Tests.Backends.Cpu;
using Sunet.Native.Tests.Facade;
using Sunet.Native.Training;

namespace Sunet.Native.Tests.Training;

/// <summary>Losses with class weights, label smoothing and a Dice term, and the limit of gradients, on the CPU.</summary>
[Trait("Processors", "all")]
public sealed class LossTests : IDisposable
{
    // The network's logits differ from those in float64 by some 1e-6 of their size; in bf16 by some 1e-2.
    private const double Tolerance = 2e-5, Bf16Tolerance = 2e-2;

    private readonly CpuBackend backend = new(threads: 2);

    public static TheoryData<float[], float, float> Losses => LossSteps.Losses;

    public void Dispose() => backend.Dispose();

    [Theory]
    [MemberData(nameof(Losses))]
    public void Step_WithALoss_FollowsItsFormula(float[] weights, float smoothing, float dice) => LossSteps.FollowTheFormula(
        backend, new LossOptions { ClassWeights = weights, LabelSmoothing = smoothing, DiceWeight = dice }, 1, Tolerance);

    [Fact]
    public void Step_WithALossOverSeveralBatches_AveragesThem() =>
        LossSteps.FollowTheFormula(backend, LossSteps.Everything, accumulate: 2, Tolerance);

    [Fact]
    public void Step_WithALossInBf16_FollowsItsFormula() =>
        Bf16Cpu.Run(narrow => LossSteps.FollowTheFormula(narrow, LossSteps.Everything, 1, Bf16Tolerance), threads: 2);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Step_WithALimit_ScalesLargerGradientsDown(int accumulate) => LossSteps.ClipTheNorm(backend, accumulate, Tolerance);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Resume_WithALossAndALimit_EndsInTheSameBits(int accumulate) => LossSteps.ResumeToTheBit(backend, accumulate);

    [Fact]
    public void Trainer_LossOutOfRange_IsRefused()
    {
        Refused(new LossOptions { ClassWeights = [1, 1, 1] }, "3 class weights for 5 classes");
        Refused(new LossOptions { ClassWeights = [1, 1, -1, 1, 1] }, "class weight");
        Refused(new LossOptions { ClassWeights = [1, float.NaN, 1, 1, 1] }, "class weight");
        Refused(new LossOptions { ClassWeights = [0, 0, 0, 0, 0] }, "All class weights are 0");
        Refused(new LossOptions { LabelSmoothing = 1 }, "label smoothing");
        Refused(new LossOptions { DiceWeight = -1 }, "Dice");
        Assert.Contains("norm", Assert.Throws<ConfigurationException>(
            () => Trainer(SmallModel.Options with { MaxGradientNorm = float.NaN })).Message, StringComparison.Ordinal);
    }

    private void Refused(LossOptions loss, string why) => Assert.Contains(why, Assert.Throws<ConfigurationException>(
        () => Trainer(SmallModel.Options with { Loss = loss })).Message, StringComparison.Ordinal);

    private void Trainer(TrainerOptions options)
    {
        using FixedBatches batches = SmallModel.Batches();
        SmallModel.Trainer(batches, backend, options).Dispose();
    }
}
