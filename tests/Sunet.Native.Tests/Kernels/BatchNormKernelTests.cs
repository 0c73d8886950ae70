using Sunet.Native.Interop.Cpu;

namespace Sunet.Native.Tests.Kernels;

public sealed unsafe class BatchNormKernelTests : KernelTest
{
    private const float Epsilon = 1e-5f;

    [Theory]
    [MemberData(nameof(Cases))]
    public void Statistics_AnyLayoutAndSlice_MatchDouble(int layout, int batch, int slice)
    {
        KernelTensor x = Tensor(1 + (batch % 3), 37, 9, 11, layout, slice).Randomize(1, mean: 1000);
        float[] mean = new float[37], variance = new float[37];
        Statistics(x, mean, variance);
        for (int c = 0; c < 37; c++)
        {
            (double m, double v) = Reference(x, c);
            Assert.Equal(m, mean[c], 1000 * 1e-7);
            Assert.Equal(v, variance[c], v * 1e-5);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void ApplyAndBackward_AnyLayoutAndSlice_MatchDouble(int xLayout, int yLayout, int slice)
    {
        const int C = 37;
        KernelTensor x = Tensor(2, C, 7, 9, xLayout, slice).Randomize(2);
        KernelTensor dy = Tensor(2, C, 7, 9, yLayout, (slice + 1) % 4).Randomize(3);
        KernelTensor y = Tensor(2, C, 7, 9, yLayout, slice), dx = Tensor(2, C, 7, 9, yLayout, (slice + 2) % 4);
        float[] mean = new float[C], variance = new float[C], gamma = Values(C, 0.5f), beta = Values(C, -0.2f);
        float[] dgamma = new float[C], dbeta = new float[C];
        Statistics(x, mean, variance);
        fixed (float* px = x.Data, py = y.Data, pdy = dy.Data, pdx = dx.Data, m = mean, v = variance, g = gamma, b = beta)
        fixed (float* dg = dgamma, db = dbeta)
        {
            Succeeds(SunetCpu.BatchNormApply(Context, x.Native, px, m, v, g, b, Epsilon, 1, y.Native, py));
            NativeBatchNormGradient call = new()
            {
                XTensor = x.Native, DyTensor = dy.Native, DxTensor = dx.Native, X = px, Dy = pdy, Mean = m, Variance = v, Gamma = g,
                Beta = b, Dx = pdx, DGamma = dg, DBeta = db, Epsilon = Epsilon, Relu = 1, BatchStatistics = 1,
                AddendTensor = dy.Native, Addend = pdy,
            };
            Succeeds(SunetCpu.BatchNormBackward(Context, call));
        }

        double Hat(int n, int c, int h, int w) => (x[n, c, h, w] - (double)mean[c]) / Math.Sqrt(variance[c] + (double)Epsilon);
        double Masked(int n, int c, int h, int w) => (Hat(n, c, h, w) * gamma[c]) + beta[c] > 0 ? dy[n, c, h, w] : 0;
        double[] sums = new double[C], products = new double[C];
        x.ForEach((n, c, h, w) =>
        {
            sums[c] += Masked(n, c, h, w);
            products[c] += Masked(n, c, h, w) * Hat(n, c, h, w);
        });
        y.AssertWritten((n, c, h, w) => Math.Max(0, (Hat(n, c, h, w) * gamma[c]) + beta[c]));
        dx.AssertWritten((n, c, h, w) => dy[n, c, h, w] + (gamma[c] / Math.Sqrt(variance[c] + (double)Epsilon)
            * (Masked(n, c, h, w) - (sums[c] / 126) - (Hat(n, c, h, w) * products[c] / 126))));
        for (int c = 0; c < C; c++)
        {
            Assert.Equal(sums[c], dbeta[c], 1e-4);
            Assert.Equal(products[c], dgamma[c], 1e-4);
        }
    }

    [Fact]
    public void Backward_FrozenWithoutParameterGradients_ScalesOnly()
    {
        KernelTensor x = Tensor(1, 5, 3, 3, 2, 0).Randomize(4), dy = Tensor(1, 5, 3, 3, 2, 0).Randomize(5), dx = Tensor(1, 5, 3, 3, 2, 0);
        float[] mean = Values(5, 0.1f), variance = Values(5, 2f), gamma = Values(5, 1f), beta = Values(5, 0f);
        fixed (float* px = x.Data, pdy = dy.Data, pdx = dx.Data, m = mean, v = variance, g = gamma, b = beta)
        {
            NativeBatchNormGradient call = new()
            {
                XTensor = x.Native, DyTensor = dy.Native, DxTensor = dx.Native, X = px, Dy = pdy, Mean = m, Variance = v, Gamma = g,
                Beta = b, Dx = pdx, Epsilon = Epsilon,
            };
            Succeeds(SunetCpu.BatchNormBackward(Context, call));
            call.BatchStatistics = 1;
            Assert.Equal(1, SunetCpu.BatchNormBackward(Context, call));
        }

        dx.AssertWritten((n, c, h, w) => dy[n, c, h, w] * gamma[c] / Math.Sqrt(variance[c] + (double)Epsilon));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(3)]
    public void Statistics_OfNaNAndRepeated_PropagateAndKeepBits(int layout)
    {
        KernelTensor x = Tensor(3, 21, 33, 17, layout, 0).Randomize(6);
        float[] mean = new float[21], variance = new float[21], again = new float[21], other = new float[21];
        Statistics(x, mean, variance);
        Statistics(x, again, other);
        Assert.Equal(mean, again);
        Assert.Equal(variance, other);
        x[2, 4, 30, 3] = float.NaN;
        Statistics(x, mean, variance);
        Assert.True(float.IsNaN(mean[4]) && float.IsNaN(variance[4]));
        Assert.Equal(again[5], mean[5]);
    }

    [Fact]
    public void RunningStatisticsUpdate_Momentum_UsesUnbiasedVariance()
    {
        float[] mean = [2], variance = [3], runningMean = [1], runningVariance = [1];
        fixed (float* m = mean, v = variance, rm = runningMean, rv = runningVariance)
        {
            Succeeds(SunetCpu.RunningStatisticsUpdate(Context, 1, 4, 0.1f, m, v, rm, rv));
        }

        Assert.Equal(1.1f, runningMean[0], 1e-6f);
        Assert.Equal(0.9f + 0.4f, runningVariance[0], 1e-6f);
    }

    private static float[] Values(int count, float from) => [.. Enumerable.Range(0, count).Select(i => from + (i * 0.01f))];

    private static (double Mean, double Variance) Reference(KernelTensor x, int channel)
    {
        List<double> values = [];
        x.ForEach((n, c, h, w) =>
        {
            if (c == channel)
            {
                values.Add(x[n, c, h, w]);
            }
        });
        double mean = values.Average();
        return (mean, values.Average(v => (v - mean) * (v - mean)));
    }

    private void Statistics(KernelTensor x, float[] mean, float[] variance)
    {
        fixed (float* px = x.Data, m = mean, v = variance)
        {
            Succeeds(SunetCpu.BatchNormStatistics(Context, x.Native, px, m, v));
        }
    }
}
