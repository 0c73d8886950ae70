using Sunet.Native.Interop.Cpu;
using Sunet.Native.Tensors;

namespace Sunet.Native.Tests.Kernels;

public sealed unsafe class DiceKernelTests : KernelTest
{
    private const int Classes = 21;
    private readonly float[] coefficients = new float[5 * Classes];
    private readonly double[] scratch = new double[64 * 3 * Classes];

    /// <summary>A label that is ignored may be one of the classes, too; then only what ignores it keeps its pixels out.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void DiceCrossEntropy_AnyLayoutAndSlice_MatchesDouble(int xLayout, int yLayout, int slice)
    {
        KernelTensor x = Tensor(2, Classes, 17, 19, xLayout, slice).Randomize(1, deviation: 4);
        foreach ((int ignore, float smoothing, float dice) in new[] { (255, 0.1f, 0.7f), (5, 0f, 2f), (255, 0.3f, 0f) })
        {
            KernelTensor dx = Tensor(2, Classes, 17, 19, yLayout, slice);
            int[] labels = DiceReference.Labels(2 * 17 * 19, Classes, ignore);
            float[] weights = DiceReference.Weights(Classes);
            var expected = new DiceReference(new Shape(2, Classes, 17, 19), x.Read(), labels, weights, ignore, smoothing, dice);
            (float loss, int counted, int invalid) = Run(x, dx, labels, weights, ignore, smoothing, dice);
            Assert.Equal(expected.Counts, (counted, invalid));
            Assert.Equal(expected.Loss, loss, 2e-6 * expected.Loss);
            double[] gradient = expected.Gradient();
            dx.AssertWritten((n, c, h, w) => gradient[(((((n * Classes) + c) * 17) + h) * 19) + w], 4e-6);
        }
    }

    [Fact]
    public void DiceCrossEntropy_NoWeightAtAll_LeavesTheDiceLossAlone()
    {
        KernelTensor x = Tensor(1, Classes, 4, 5, 2, 0).Randomize(1), dx = Tensor(1, Classes, 4, 5, 2, 0);
        int[] labels = DiceReference.Labels(20, Classes, 255);
        var weights = new float[Classes];
        var expected = new DiceReference(new Shape(1, Classes, 4, 5), x.Read(), labels, weights, 255, 0.1f, 1);
        Assert.Equal(expected.Loss, Run(x, dx, labels, weights, 255, 0.1f, 1).Loss, 1e-6);
        Assert.Equal(0f, Run(x, dx, labels, weights, 255, 0.1f, 0).Loss);
        Assert.All(dx.Read(), gradient => Assert.Equal(0, gradient));
    }

    [Fact]
    public void DiceCrossEntropy_OnlyIgnoredLabels_IsZeroWithoutGradient()
    {
        KernelTensor x = Tensor(1, Classes, 4, 5, 1, 0).Randomize(1), dx = Tensor(1, Classes, 4, 5, 3, 0);
        int[] labels = [.. Enumerable.Repeat(255, 20)];
        Assert.Equal((0f, 0, 0), Run(x, dx, labels, DiceReference.Weights(Classes), 255, 0.1f, 1));
        Assert.All(dx.Read(), gradient => Assert.Equal(0, gradient));
    }

    [Fact]
    public void DiceCrossEntropyBackward_OverItsLogits_GivesTheSame()
    {
        KernelTensor x = Tensor(1, Classes, 9, 40, 0, 0).Randomize(1), dx = Tensor(1, Classes, 9, 40, 0, 0);
        int[] labels = DiceReference.Labels(360, Classes, 255);
        Run(x, dx, labels, DiceReference.Weights(Classes), 255, 0.1f, 1);
        Run(x, x, labels, DiceReference.Weights(Classes), 255, 0.1f, 1);
        Assert.Equal(dx.Data, x.Data);
    }

    [Fact]
    public void DiceCrossEntropy_TooLittleScratch_IsRefused()
    {
        KernelTensor x = Tensor(1, Classes, 2, 2, 0, 0).Randomize(1);
        int[] labels = new int[4];
        float[] weights = DiceReference.Weights(Classes), sums = new float[4];
        float loss;
        int counted, invalid;
        fixed (float* px = x.Data, pw = weights, lse = sums, k = coefficients)
        fixed (int* pl = labels)
        fixed (double* room = scratch)
        {
            Assert.NotEqual(0, SunetCpu.DiceCrossEntropy(Context, x.Native, px, pl, 255, pw, 0, 1, room,
                (scratch.Length * sizeof(double)) - 1, lse, &loss, &counted, &invalid, k));
        }
    }

    private (float Loss, int Counted, int Invalid) Run(
        KernelTensor x, KernelTensor dx, int[] labels, float[] weights, int ignore, float smoothing, float dice)
    {
        float[] logSumExp = new float[labels.Length];
        float loss;
        int counted, invalid;
        fixed (float* px = x.Data, pdx = dx.Data, pw = weights, lse = logSumExp, k = coefficients)
        fixed (int* pl = labels)
        fixed (double* room = scratch)
        {
            Succeeds(SunetCpu.DiceCrossEntropy(Context, x.Native, px, pl, ignore, pw, smoothing, dice, room,
                scratch.Length * sizeof(double), lse, &loss, &counted, &invalid, k));
            Succeeds(SunetCpu.DiceCrossEntropyBackward(Context, x.Native, px, pl, ignore, lse, k, dx.Native, pdx));
        }

        return (loss, counted, invalid);
    }
}
