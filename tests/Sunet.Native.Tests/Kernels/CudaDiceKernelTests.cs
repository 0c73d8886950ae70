using Sunet.Native.Tensors;
using Sunet.Native.Tests.Backends.Cuda;

namespace Sunet.Native.Tests.Kernels;

public sealed class CudaDiceKernelTests : EmulatorTest
{
    private const int Blocks = 2, Chunks = 3, Ignore = 255;

    /// <summary>Whether logits are bf16, classes, pixels, elements between pixels beyond channels.</summary>
    public static TheoryData<bool, int, int, int> Cases => new(
        from bf16 in new[] { false, true }
        from size in new[] { (21, 300, 0), (21, 129, 4), (2, 40, 0), (33, 150, 0), (256, 40, 3), (1000, 35, 0) }
        select (bf16, size.Item1, size.Item2, size.Item3));

    [Theory]
    [MemberData(nameof(Cases))]
    public void DiceCrossEntropy_AndItsGradient_MatchDouble(bool bf16, int classes, int pixels, int gap)
    {
        using var bench = new KernelBench();
        Shape shape = new(1, classes, 1, pixels);
        KernelPixels x = KernelImages.Random(bench, bf16, shape, classes + gap, 1, deviation: 5);
        foreach ((int ignore, float smoothing, float dice) in new[] { (Ignore, 0.1f, 0.7f), (0, 0f, 2f), (Ignore, 0.3f, 0f) })
        {
            int[] labels = DiceReference.Labels(pixels, classes, ignore);
            float[] weights = DiceReference.Weights(classes);
            var expected = new DiceReference(shape, x.Planes(shape), labels, weights, ignore, smoothing, dice);
            Loss loss = Run(bench, x, labels, weights, ignore, smoothing, dice);
            Assert.Equal(expected.Counts, (loss.Counted, loss.Invalid));
            Assert.Equal(expected.Loss, loss.Value, 4e-6 * Math.Max(1, expected.Loss));

            // Coefficients multiply probabilities, which have the rounding of logits that are up to ten.
            double largest = expected.Coefficients.Max(Math.Abs);
            loss.Gradient.AssertPlanes(shape, expected.Gradient(), 8e-6 * largest);
        }
    }

    [Fact]
    public void DiceCrossEntropy_OnlyIgnoredLabels_IsZeroWithoutGradient()
    {
        using var bench = new KernelBench();
        Shape shape = new(1, 21, 1, 200);
        KernelPixels x = KernelImages.Random(bench, false, shape, 21, 1);
        Loss loss = Run(bench, x, [.. Enumerable.Repeat(Ignore, 200)], DiceReference.Weights(21), Ignore, 0.1f, 1);
        Assert.Equal((0f, 0, 0), (loss.Value, loss.Counted, loss.Invalid));
        loss.Gradient.AssertWritten((_, _) => 0, 0);
    }

    [Fact]
    public void DiceCrossEntropyBackward_OverItsLogits_GivesTheSame()
    {
        using var bench = new KernelBench();
        Shape shape = new(1, 21, 1, 300);
        KernelPixels x = KernelImages.Random(bench, false, shape, 24, 1);
        int[] labels = DiceReference.Labels(300, 21, Ignore);
        Loss loss = Run(bench, x, labels, DiceReference.Weights(21), Ignore, 0.1f, 1);
        float[] gradient = bench.Get<float>(loss.Gradient.Address, 300 * loss.Gradient.Stride);
        bench.Run("dice_cross_entropy_backward_f32", (2, 1, 1), x.Address, x.Stride, bench.Put<int>(labels), Ignore, loss.LogSumExp,
            loss.Coefficients, x.Address, x.Stride, 300L, 21);
        x.AssertWritten((p, c) => gradient[(p * loss.Gradient.Stride) + c], 0);
    }

    private static Loss Run(
        KernelBench bench, KernelPixels x, int[] labels, float[] weights, int ignore, float smoothing, float dice)
    {
        int classes = x.Channels, chunks = dice > 0 ? Chunks : 0;
        nint given = bench.Put<int>(labels), weighted = bench.Put<float>(weights), logSums = bench.Reserve(labels.Length * sizeof(float));
        nint partial = bench.Reserve(32 * Blocks), sums = bench.Reserve(3 * classes * sizeof(double) * Chunks);
        nint value = bench.Reserve(4), counted = bench.Reserve(4), invalid = bench.Reserve(4);
        nint coefficients = bench.Reserve(5 * classes * sizeof(float));
        bench.Run("weighted_cross_entropy" + x.Suffix, (Blocks, 1, 1), x.Address, x.Stride, given, (long)labels.Length, classes, ignore,
            weighted, smoothing, logSums, partial);
        if (chunks > 0)
        {
            bench.Run("dice_sums" + x.Suffix, (chunks, 1, 1), x.Address, x.Stride, given, ignore, logSums, (long)labels.Length, classes,
                sums);
        }

        bench.Run("dice_cross_entropy_finish", (1, 1, 1), partial, Blocks, sums, chunks, weighted, classes, smoothing, dice, value, counted,
            invalid, coefficients);
        var gradient = new KernelPixels(bench, false, x.Count, classes, classes + 1);
        bench.Run("dice_cross_entropy_backward" + x.Suffix, (Blocks + 1, 1, 1), x.Address, x.Stride, given, ignore, logSums, coefficients,
            gradient.Address, gradient.Stride, (long)labels.Length, classes);
        return new Loss(bench.Get<float>(value, 1)[0], bench.Get<int>(counted, 1)[0], bench.Get<int>(invalid, 1)[0], logSums, coefficients,
            gradient);
    }

    private sealed record Loss(float Value, int Counted, int Invalid, nint LogSumExp, nint Coefficients, KernelPixels Gradient);
}
