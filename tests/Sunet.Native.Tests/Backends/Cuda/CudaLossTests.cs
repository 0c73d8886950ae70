using Sunet.Native.Backends;
using Sunet.Native.Backends.Cuda;
using Sunet.Native.Tests.Emulation;
using Sunet.Native.Tests.Training;
using Sunet.Native.Training;

namespace Sunet.Native.Tests.Backends.Cuda;

/// <summary>Losses with class weights, label smoothing and a Dice term, and the limit of gradients, on the emulated GPU.</summary>
public sealed class CudaLossTests : EmulatorTest
{
    private const double Tolerance = 2e-5, Bf16Tolerance = 2e-2;

    public static TheoryData<float[], float, float> Losses => LossSteps.Losses;

    [Theory]
    [MemberData(nameof(Losses))]
    public void Step_WithALoss_FollowsItsFormula(float[] weights, float smoothing, float dice)
    {
        using CudaBackend backend = Create(Precision.Float32);
        LossSteps.FollowTheFormula(
            backend, new LossOptions { ClassWeights = weights, LabelSmoothing = smoothing, DiceWeight = dice }, 1, Tolerance);
    }

    [Theory]
    [InlineData(Precision.Float32, 2, Tolerance)]
    [InlineData(Precision.Bf16, 1, Bf16Tolerance)]
    public void Step_WithEverything_FollowsItsFormula(Precision precision, int accumulate, double tolerance)
    {
        using CudaBackend backend = Create(precision);
        LossSteps.FollowTheFormula(backend, LossSteps.Everything, accumulate, tolerance);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(1, false)]
    public void Step_WithALimit_ScalesLargerGradientsDown(int accumulate, bool graphs)
    {
        using CudaBackend backend = Create(Precision.Float32, graphs);
        LossSteps.ClipTheNorm(backend, accumulate, Tolerance);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Resume_WithALossAndALimit_EndsInTheSameBits(int accumulate)
    {
        using CudaBackend backend = Create(Precision.Float32);
        LossSteps.ResumeToTheBit(backend, accumulate);
    }

    private static CudaBackend Create(Precision precision, bool graphs = true) =>
        new(0, new CudaOptions { Precision = precision, UseGraphs = graphs, Deterministic = true });
}
