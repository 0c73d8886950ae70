using Sunet.Native.Tests.Backends.Cuda;
using Sunet.Native.Tests.Emulation;

namespace Sunet.Native.Tests.Kernels;

public sealed class CudaBatchNormKernelTests : EmulatorTest
{
    private const float Epsilon = 1e-5f;

    public static TheoryData<bool, int, int, int> Cases => new(
        from bf16 in new[] { false, true }
        from size in new[] { (48, 48, 0), (16, 64, 16), (21, 21, 0), (24, 40, 3), (2200, 2200, 0) }
        select (bf16, size.Item1, size.Item2, size.Item3));

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(64)]
    [InlineData(1000)]
    public void Statistics_OfLargeMeanAndSmallVariance_KeepTheVariance(int chunks)
    {
        using var bench = new KernelBench();
        const int pixels = 700, channels = 12;
        var random = new Random(chunks);
        // The first pixel is far from all others, as the padding of an image may be.
        var x = new KernelPixels(bench, false, pixels, channels, channels, 0,
            (p, c) => p == 0 && c % 2 == 1 ? 0 : 20000 + (c * 1000) + ((random.NextDouble() - 0.5) * (1 + c)));
        (float[] mean, float[] variance) = Statistics(bench, x, chunks);
        for (int c = 0; c < channels; c++)
        {
            (double m, double v) = Reference(x, c);
            Assert.Equal(m, mean[c], m * 1e-7);
            Assert.Equal(v, variance[c], v * 1e-5);
        }

        // The data are hard: in float32 the mean of squares less the square of the mean is not the variance, not even nearly.
        float sum = 0, squares = 0;
        for (int p = 0; p < pixels; p++)
        {
            sum += x[p, 2];
            squares += x[p, 2] * x[p, 2];
        }

        float naive = (squares / pixels) - (sum / pixels * (sum / pixels));
        Assert.True(Math.Abs(naive - Reference(x, 2).Variance) > Reference(x, 2).Variance);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Statistics_AnyStrideChunksAndOrder_MatchDouble(bool bf16, int channels, int stride, int first)
    {
        using var bench = new KernelBench();
        var random = new Random(5);
        var x = new KernelPixels(bench, bf16, 61, channels, stride, first, (_, c) => (c % 5) + (random.NextDouble() * 3));
        foreach (int chunks in new[] { 1, 7, 90 })
        {
            Emulator.Seed(1);
            (float[] mean, float[] variance) = Statistics(bench, x, chunks);
            Emulator.Seed(2);
            (float[] meanAgain, float[] varianceAgain) = Statistics(bench, x, chunks);
            Assert.Equal(mean, meanAgain);
            Assert.Equal(variance, varianceAgain);
            for (int c = 0; c < channels; c++)
            {
                (double m, double v) = Reference(x, c);
                Assert.Equal(m, mean[c], 1e-5);
                Assert.Equal(v, variance[c], 1e-5);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void ApplyAndGradient_AnyStride_MatchDouble(bool bf16, int channels, int stride, int first)
    {
        (int, int, bool)[] switches = [(1, 1, true), (1, 1, false), (0, 1, true), (1, 0, false), (0, 0, true)];
        foreach ((int relu, int batchStatistics, bool adds) in switches)
            new Layer(bf16, channels, stride, first, relu, batchStatistics, adds).Check();
    }

    [Fact]
    public void RunningStatistics_MoveUnlessGuarded()
    {
        using var bench = new KernelBench();
        float[] mean = [1, -2, 3], variance = [0.5f, 4, 9], runningMean = [0, 1, 2], runningVariance = [1, 2, 3];
        nint m = bench.Put<float>(mean), v = bench.Put<float>(variance);
        nint rm = bench.Put<float>(runningMean), rv = bench.Put<float>(runningVariance), closed = bench.Put(4), open = bench.Put(0);
        bench.Run("running_statistics_update", (1, 1, 1), m, v, 10L, 0.25f, rm, rv, 3, closed);
        Assert.Equal(runningMean, bench.Get<float>(rm, 3));
        Assert.Equal(runningVariance, bench.Get<float>(rv, 3));
        bench.Run("running_statistics_update", (1, 1, 1), m, v, 10L, 0.25f, rm, rv, 3, open);
        float[] movedMean = bench.Get<float>(rm, 3), movedVariance = bench.Get<float>(rv, 3);
        for (int c = 0; c < 3; c++)
        {
            Assert.Equal((0.75 * runningMean[c]) + (0.25 * mean[c]), movedMean[c], 1e-6);
            Assert.Equal((0.75 * runningVariance[c]) + (0.25 * variance[c] * 10 / 9), movedVariance[c], 1e-6);
        }
    }

    private static (float[] Mean, float[] Variance) Statistics(KernelBench bench, KernelPixels x, int chunks)
    {
        int channels = x.Channels;
        nint partial = bench.Reserve(3L * chunks * channels * sizeof(float));
        nint mean = bench.Reserve(channels * sizeof(float)), variance = bench.Reserve(channels * sizeof(float));
        bench.Run("batch_norm_statistics" + x.Suffix, (chunks, 1, 1), x.Address, x.Stride, partial, (long)x.Count, channels);
        bench.Run("batch_norm_statistics_finish", ((channels + 7) / 8, 1, 1), partial, chunks, (long)x.Count, channels, mean, variance);
        return (bench.Get<float>(mean, channels), bench.Get<float>(variance, channels));
    }

    private static (double Mean, double Variance) Reference(KernelPixels x, int channel)
    {
        double mean = Enumerable.Range(0, x.Count).Average(p => (double)x[p, channel]);
        return (mean, Enumerable.Range(0, x.Count).Average(p => Math.Pow(x[p, channel] - mean, 2)));
    }

    /// <summary>One layer with its operands, forward and backward.</summary>
    private sealed class Layer(bool bf16, int channels, int stride, int first, int relu, int batchStatistics, bool adds)
    {
        private const int Pixels = 47, Chunks = 5;
        private readonly Random random = new(7);
        private float[] mean = [], variance = [], gamma = [], beta = [];

        public void Check()
        {
            using var bench = new KernelBench();
            KernelPixels x = Random(bench, stride), dy = Random(bench, stride + 16), addend = Random(bench, stride);
            var y = new KernelPixels(bench, bf16, Pixels, channels, stride + 8, first);
            var dx = new KernelPixels(bench, bf16, Pixels, channels, stride, first);
            (mean, variance, gamma, beta) = (Vector(0.3), Vector(2), Vector(1), Vector(-0.2));
            nint m = bench.Put<float>(mean), v = bench.Put<float>(variance), g = bench.Put<float>(gamma), b = bench.Put<float>(beta);
            nint dgamma = bench.Reserve(channels * sizeof(float)), dbeta = bench.Reserve(channels * sizeof(float));
            nint partial = bench.Reserve(2L * Chunks * channels * sizeof(float));
            bench.Run("batch_norm_apply" + x.Suffix, (3, 2, 1),
                x.Address, x.Stride, m, v, g, b, Epsilon, relu, y.Address, y.Stride, (long)Pixels, channels);
            y.AssertWritten((p, c) => relu == 1 ? Math.Max(0, Result(x, p, c)) : Result(x, p, c), 1e-6);

            bench.Run("batch_norm_gradient_sums" + x.Suffix, (Chunks, 1, 1),
                x.Address, x.Stride, dy.Address, dy.Stride, m, v, g, b, Epsilon, relu, partial, (long)Pixels, channels);
            bench.Run("batch_norm_gradient_finish", ((channels + 7) / 8, 1, 1), partial, Chunks, channels, v, Epsilon, dgamma, dbeta);
            double[] sums = Sums((p, c) => Passed(x, dy, p, c)), products = Sums((p, c) => Passed(x, dy, p, c) * Hat(x, p, c));
            AssertClose(sums, bench.Get<float>(dbeta, channels));
            AssertClose(products, bench.Get<float>(dgamma, channels));

            bench.Run("batch_norm_input_gradient" + x.Suffix, (4, 1, 1),
                x.Address, x.Stride, dy.Address, dy.Stride, adds ? addend.Address : 0, addend.Stride, m, v, g, b, dgamma, dbeta, Epsilon,
                relu, batchStatistics, dx.Address, dx.Stride, (long)Pixels, channels);
            dx.AssertWritten((p, c) => (adds ? addend[p, c] : 0) + (gamma[c] * Inverse(c) * (Passed(x, dy, p, c)
                - (batchStatistics == 1 ? (sums[c] + (Hat(x, p, c) * products[c])) / Pixels : 0))), 2e-5);
        }

        private KernelPixels Random(KernelBench bench, int distance) =>
            new(bench, bf16, Pixels, channels, distance, first, (_, _) => (random.NextDouble() * 4) - 1.7);

        private float[] Vector(double from) => [.. Enumerable.Range(0, channels).Select(_ => (float)(from + random.NextDouble()))];

        private double[] Sums(Func<int, int, double> term) =>
            [.. Enumerable.Range(0, channels).Select(c => Enumerable.Range(0, Pixels).Sum(p => term(p, c)))];

        private double Inverse(int c) => 1 / Math.Sqrt(variance[c] + (double)Epsilon);

        private double Hat(KernelPixels x, int p, int c) => (x[p, c] - (double)mean[c]) * Inverse(c);

        private double Result(KernelPixels x, int p, int c) => (Hat(x, p, c) * gamma[c]) + beta[c];

        private double Passed(KernelPixels x, KernelPixels dy, int p, int c) => relu == 0 || Result(x, p, c) > 0 ? dy[p, c] : 0;

        private static void AssertClose(double[] expected, float[] found)
        {
            for (int c = 0; c < expected.Length; c++)
                Assert.Equal(expected[c], found[c], 1e-4);
        }
    }
}
