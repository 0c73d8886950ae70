using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;
using Sunet.Native.Tests.Backends.Cuda;
using Sunet.Verification.Reference;

namespace Sunet.Native.Tests.Kernels;

public sealed class CudaLossKernelTests : EmulatorTest
{
    private const int Ignore = 255;

    /// <summary>Whether logits are bf16, classes, pixels, elements between pixels beyond channels.</summary>
    public static TheoryData<bool, int, int, int> Cases => new(
        from bf16 in new[] { false, true }
        from size in new[] { (21, 300, 0), (21, 129, 4), (32, 128, 0), (2, 40, 0), (33, 150, 0), (256, 5, 3), (1000, 9, 0) }
        select (bf16, size.Item1, size.Item2, size.Item3));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Softmax_AndItsGradient_MatchDouble(bool bf16, int classes, int pixels, int gap)
    {
        using var bench = new KernelBench();
        Shape shape = new(1, classes, 1, pixels);
        KernelPixels x = KernelImages.Random(bench, bf16, shape, classes + gap, 1, deviation: 10);
        KernelPixels dy = KernelImages.Random(bench, bf16, shape, classes + gap, 2);
        KernelPixels y = KernelImages.Empty(bench, false, shape, classes + (2 * gap));
        KernelPixels dx = KernelImages.Empty(bench, false, shape, classes);
        bench.Run("softmax" + x.Suffix, (2, 1, 1), x.Address, x.Stride, y.Address, y.Stride, (long)pixels, classes);
        bench.Run("softmax_backward" + dy.Suffix, (3, 1, 1),
            y.Address, y.Stride, dy.Address, dy.Stride, dx.Address, dx.Stride, (long)pixels, classes);
        y.AssertPlanes(shape, LossLoops.Softmax(shape, x.Planes(shape)), 1e-6);
        dx.AssertPlanes(shape, LossLoops.SoftmaxGradient(shape, y.Planes(shape), dy.Planes(shape)), 1e-6);
        if (!bf16)
        {
            bench.Run("softmax_f32", (1, 1, 1), x.Address, x.Stride, x.Address, x.Stride, (long)pixels, classes);
            x.AssertWritten((p, c) => y[p, c], 0);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void CrossEntropy_IgnoredAndInvalidLabels_MatchesDouble(bool bf16, int classes, int pixels, int gap)
    {
        using var bench = new KernelBench();
        Shape shape = new(1, classes, 1, pixels);
        KernelPixels x = KernelImages.Random(bench, bf16, shape, classes + gap, 1, deviation: 5);
        int[] labels =
        [
            .. Enumerable.Range(0, pixels).Select(i => i % 7 == 3 ? Ignore : i % 23 == 1 ? -3 : i % 29 == 2 ? 7777 : i * 5 % classes),
        ];
        Loss loss = Run(bench, x, labels, blocks: 2);
        double[] taken = Expected(x, labels, shape, out double[][] expected);
        Assert.Equal(expected[0][0], loss.Mean, 2e-6 * Math.Max(1, expected[0][0]));
        Assert.Equal((expected[2][0], expected[3][0]), (loss.Counted, loss.Invalid));
        Assert.True(loss.Invalid > 0 && loss.Counted > 0);
        Assert.All(expected[1].Zip(loss.LogSumExp), sum => Assert.Equal(sum.First, sum.Second, 1e-6 * Math.Max(1, Math.Abs(sum.First))));

        // What is in front of the division by the number of labels has the rounding of logits, which are up to ten.
        loss.Gradient.AssertPlanes(shape, taken, 4e-6 / loss.Counted);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void CrossEntropy_OnlyIgnoredLabels_IsZeroWithoutGradient(bool bf16)
    {
        using var bench = new KernelBench();
        Shape shape = new(1, 21, 1, 200);
        KernelPixels x = KernelImages.Random(bench, bf16, shape, 21, 1);
        Loss loss = Run(bench, x, [.. Enumerable.Repeat(Ignore, 200)], blocks: 2);
        Assert.Equal((0f, 0, 0), (loss.Mean, loss.Counted, loss.Invalid));
        loss.Gradient.AssertWritten((_, _) => 0, 0);
    }

    [Fact]
    public void CrossEntropy_NaNAndInfiniteLogits_ReachTheLossOnlyWhereTheyCount()
    {
        using var bench = new KernelBench();
        float Logit(int p, int c) => p switch
        {
            3 => c == 4 ? float.NaN : 1,
            5 => c == 2 ? float.NegativeInfinity : c,
            _ => c,
        };
        var x = new KernelPixels(bench, false, 130, 40, 40, value: (p, c) => Logit(p, c));
        int[] labels = [.. Enumerable.Range(0, 130).Select(i => i % 40)];
        labels[3] = Ignore;
        Loss sound = Run(bench, x, labels, blocks: 1);
        Assert.True(float.IsFinite(sound.Mean));
        sound.Gradient.AssertWritten((p, c) => p == 3 ? 0
            : (Math.Exp(Logit(p, c) - sound.LogSumExp[p]) - (c == labels[p] ? 1 : 0)) / sound.Counted, 1e-6);
        labels[3] = 0;
        Assert.True(float.IsNaN(Run(bench, x, labels, blocks: 1).Mean));
    }

    [Fact]
    public void CrossEntropyBackward_OverItsLogits_GivesTheSame()
    {
        using var bench = new KernelBench();
        Shape shape = new(1, 21, 1, 300);
        KernelPixels x = KernelImages.Random(bench, false, shape, 24, 1);
        int[] labels = [.. Enumerable.Range(0, 300).Select(i => i % 22)];
        Loss loss = Run(bench, x, labels, blocks: 3);
        float[] gradient = bench.Get<float>(loss.Gradient.Address, 300 * loss.Gradient.Stride);
        bench.Run("cross_entropy_backward_f32", (2, 1, 1), x.Address, x.Stride, bench.Put<int>(labels), Ignore,
            bench.Put<float>(loss.LogSumExp), bench.Put(loss.Counted), x.Address, x.Stride, 300L, 21);
        x.AssertWritten((p, c) => gradient[(p * loss.Gradient.Stride) + c], 0);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void ArgMax_WithTies_TakesTheFirst(bool bf16, int classes, int pixels, int gap)
    {
        using var bench = new KernelBench();
        int channels = Math.Min(classes, 256);
        var random = new Random(classes);
        var x = new KernelPixels(bench, bf16, pixels, channels, channels + gap, value: (_, _) => random.Next(-9, -4));
        nint found = bench.Reserve(pixels);
        bench.Run("arg_max" + x.Suffix, (2, 1, 1), x.Address, x.Stride, found, (long)pixels, channels);
        byte[] expected = [.. Enumerable.Range(0, pixels).Select(p => (byte)Enumerable.Range(0, channels).MaxBy(c => x[p, c]))];
        Assert.Equal(expected, bench.Get<byte>(found, pixels));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(21)]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(200)]
    public void ConfusionMatrix_IgnoredAndInvalid_CountsTheRestOnTopOfWhatIsThere(int classes)
    {
        using var bench = new KernelBench();
        const int pixels = 3000;
        var random = new Random(classes);
        int[] labels = [.. Enumerable.Range(0, pixels).Select(i => i % 11 == 0 ? Ignore : i % 97 == 1 ? -1 : random.Next(classes))];
        byte[] predictions = [.. Enumerable.Range(0, pixels).Select(i => (byte)(i % 89 == 5 ? classes : random.Next(classes)))];
        int[] counts = new int[classes * classes];
        int invalid = 40;
        counts[1] = 1000;
        nint matrix = bench.Put<int>(counts), refused = bench.Put(invalid);
        bench.Run("confusion_matrix", (3, 1, 1),
            bench.Put<int>(labels), bench.Put<byte>(predictions), (long)pixels, classes, Ignore, matrix, refused);
        for (int i = 0; i < pixels; i++)
        {
            if (labels[i] == Ignore)
                continue;
            if (labels[i] < 0 || predictions[i] >= classes)
                invalid++;
            else
                counts[(labels[i] * classes) + predictions[i]]++;
        }

        Assert.Equal(counts, bench.Get<int>(matrix, counts.Length));
        Assert.Equal(invalid, bench.Get<int>(refused, 1)[0]);
    }

    private static Loss Run(KernelBench bench, KernelPixels x, int[] labels, int blocks)
    {
        nint given = bench.Put<int>(labels), sums = bench.Reserve(labels.Length * sizeof(float)), partial = bench.Reserve(16 * blocks);
        nint mean = bench.Reserve(4), counted = bench.Reserve(4), invalid = bench.Reserve(4);
        bench.Run("cross_entropy" + x.Suffix, (blocks, 1, 1),
            x.Address, x.Stride, given, (long)labels.Length, x.Channels, Ignore, sums, partial);
        bench.Run("cross_entropy_finish", (1, 1, 1), partial, blocks, mean, counted, invalid);
        var gradient = new KernelPixels(bench, false, x.Count, x.Channels, x.Channels + 1);
        bench.Run("cross_entropy_backward" + x.Suffix, (blocks + 1, 1, 1), x.Address, x.Stride, given, Ignore, sums, counted,
            gradient.Address, gradient.Stride, (long)labels.Length, x.Channels);
        return new Loss(bench.Get<float>(mean, 1)[0], bench.Get<int>(counted, 1)[0], bench.Get<int>(invalid, 1)[0],
            bench.Get<float>(sums, labels.Length), gradient);
    }

    /// <summary>The reference's gradient, and what its forward op gives.</summary>
    private static double[] Expected(KernelPixels x, int[] labels, Shape shape, out double[][] forward)
    {
        var graph = new Graph();
        var op = new SoftmaxCrossEntropy("loss", graph.Input("x", shape),
            graph.Input("labels", new Shape(1, 1, labels.Length), DataType.Int32), Ignore);
        var values = new Dictionary<Value, double[]>
        {
            [op.Logits] = x.Planes(shape),
            [op.Labels] = Array.ConvertAll(labels, l => (double)l),
        };
        forward = LossLoops.CrossEntropy(op, value => values[value]);
        foreach ((Value output, double[] elements) in op.Outputs.Zip(forward))
            values.Add(output, elements);
        return LossLoops.CrossEntropyGradient(new SoftmaxCrossEntropyGradient(op), value => values[value]);
    }

    private sealed record Loss(float Mean, int Counted, int Invalid, float[] LogSumExp, KernelPixels Gradient);
}
