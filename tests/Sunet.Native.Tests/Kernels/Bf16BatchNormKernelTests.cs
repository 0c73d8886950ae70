using Sunet.Native.Interop.Cpu;

namespace Sunet.Native.Tests.Kernels;

/// <summary>
/// Batch-norm of bf16, against the same in double: pixels of an odd and an even number, more than are walked at once, and a single one.
/// </summary>
public sealed unsafe class Bf16BatchNormKernelTests : KernelTest
{
    private const int Channels = 37;
    private const float Epsilon = 1e-5f;

    private static readonly double Stored = 2 * Bf16.RoundingError;

    public static MatrixTheoryData<int, int, (int H, int W)> Shapes { get; } =
        new([0, 1, 2, 3], [0, 1, 2], [(7, 9), (8, 9), (16, 17), (17, 17), (1, 1), (1, 2)]);

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Statistics_AnyLayoutAndSize_MatchDouble(int layout, int slice, (int H, int W) size)
    {
        KernelTensor x = Tensor(2, Channels, size.H, size.W, layout, slice).Randomize(1, mean: 30);
        float[] mean = new float[Channels], variance = new float[Channels];
        ushort[] data = Halves(x);
        fixed (ushort* px = data)
        fixed (float* m = mean, v = variance)
            Succeeds(SunetCpu.BatchNormStatistics(Context, Bf16Of(x), px, m, v));
        for (int c = 0; c < Channels; c++)
        {
            double[] values = Values(x, c);
            double expected = values.Average(), spread = values.Average(value => (value - expected) * (value - expected));
            Assert.Equal(expected, mean[c], 30 * 1e-6);
            Assert.Equal(spread, variance[c], (spread * 1e-4) + 1e-4);
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void ApplyAndBackward_AnyLayoutAndSize_MatchDouble(int layout, int slice, (int H, int W) size)
    {
        (int h, int w) = size;
        KernelTensor x = Tensor(2, Channels, h, w, layout, slice).Randomize(2), dy = Tensor(2, Channels, h, w, layout, slice).Randomize(3);
        KernelTensor y = Tensor(2, Channels, h, w, layout, slice), dx = Tensor(2, Channels, h, w, layout, slice);
        ushort[] hx = Halves(x), hdy = Halves(dy), hy = Halves(y), hdx = Halves(dx);
        float[] mean = PerChannel(0.1f), variance = PerChannel(2f), gamma = PerChannel(0.5f), beta = PerChannel(-0.2f);
        float[] dgamma = new float[Channels], dbeta = new float[Channels];
        fixed (ushort* px = hx, pdy = hdy, py = hy, pdx = hdx)
        fixed (float* m = mean, v = variance, g = gamma, b = beta, dg = dgamma, db = dbeta)
        {
            Succeeds(SunetCpu.BatchNormApply(Context, Bf16Of(x), px, m, v, g, b, Epsilon, 1, Bf16Of(y), py));
            NativeBatchNormGradient call = new()
            {
                XTensor = Bf16Of(x), DyTensor = Bf16Of(dy), DxTensor = Bf16Of(dx), AddendTensor = Bf16Of(dy), X = (float*)px,
                Dy = (float*)pdy, Dx = (float*)pdx, Addend = (float*)pdy, Mean = m, Variance = v, Gamma = g, Beta = b, DGamma = dg,
                DBeta = db, Epsilon = Epsilon, Relu = 1, BatchStatistics = 1,
            };
            Succeeds(SunetCpu.BatchNormBackward(Context, call));
        }

        Take(y, hy);
        Take(dx, hdx);
        int pixels = 2 * h * w;
        double Hat(int n, int c, int i, int j) => (x[n, c, i, j] - (double)mean[c]) / Math.Sqrt(variance[c] + (double)Epsilon);
        double Masked(int n, int c, int i, int j) => (Hat(n, c, i, j) * gamma[c]) + beta[c] > 0 ? dy[n, c, i, j] : 0;
        double[] sums = new double[Channels], products = new double[Channels];
        x.ForEach((n, c, i, j) =>
        {
            sums[c] += Masked(n, c, i, j);
            products[c] += Masked(n, c, i, j) * Hat(n, c, i, j);
        });
        y.AssertWritten((n, c, i, j) => Math.Max(0, (Hat(n, c, i, j) * gamma[c]) + beta[c]), Stored);
        dx.AssertWritten((n, c, i, j) => dy[n, c, i, j] + (gamma[c] / Math.Sqrt(variance[c] + (double)Epsilon)
            * (Masked(n, c, i, j) - (sums[c] / pixels) - (Hat(n, c, i, j) * products[c] / pixels))), Stored);
        for (int c = 0; c < Channels; c++)
        {
            Assert.Equal(sums[c], dbeta[c], 1e-5 * pixels);
            Assert.Equal(products[c], dgamma[c], 1e-5 * pixels);
        }
    }

    [Fact]
    public void Apply_OfNaNAndInfinity_KeepsThem()
    {
        KernelTensor x = Tensor(1, 16, 2, 4, 2, 0).Randomize(1);
        x[0, 3, 0, 1] = float.NaN;
        x[0, 4, 1, 0] = float.PositiveInfinity;
        x[0, 5, 1, 3] = float.NegativeInfinity;
        ushort[] hx = Halves(x), hy = new ushort[hx.Length];
        float[] mean = PerChannel(0f), one = new float[Channels];
        Array.Fill(one, 1);
        fixed (ushort* px = hx, py = hy)
        fixed (float* m = mean, v = one)
            Succeeds(SunetCpu.BatchNormApply(Context, Bf16Of(x), px, m, v, v, m, 0, 1, Bf16Of(x), py));
        Take(x, hy);
        Assert.True(float.IsNaN(x[0, 3, 0, 1]));
        Assert.Equal(float.PositiveInfinity, x[0, 4, 1, 0]);
        Assert.Equal(0, x[0, 5, 1, 3]);
        int special = 0;
        x.ForEach((n, c, i, j) => special += float.IsFinite(x[n, c, i, j]) ? 0 : 1);
        Assert.Equal(2, special);
    }

    private static NativeTensor Bf16Of(KernelTensor tensor) => tensor.Native with { Type = NativeType.BFloat16 };

    /// <summary>The tensor's elements, which are rounded.</summary>
    private static ushort[] Halves(KernelTensor tensor)
    {
        ushort[] halves = Array.ConvertAll(tensor.Data, Bf16.Of);
        Take(tensor, halves);
        return halves;
    }

    private static void Take(KernelTensor tensor, ushort[] halves)
    {
        for (int i = 0; i < halves.Length; i++)
            tensor.Data[i] = Bf16.Value(halves[i]);
    }

    private static double[] Values(KernelTensor tensor, int channel)
    {
        List<double> values = [];
        tensor.ForEach((n, c, h, w) =>
        {
            if (c == channel)
                values.Add(tensor[n, c, h, w]);
        });
        return [.. values];
    }

    private static float[] PerChannel(float first) => [.. Enumerable.Range(0, Channels).Select(c => first + (0.01f * c))];
}
