using Sunet.Native.Interop.Cpu;

namespace Sunet.Native.Tests.Kernels;

public sealed unsafe class SpatialKernelTests : KernelTest
{
    [Theory]
    [MemberData(nameof(Cases))]
    public void Elementwise_AnyLayoutAndSlice_MatchDouble(int xLayout, int yLayout, int slice)
    {
        KernelTensor a = Tensor(2, 37, 5, 7, xLayout, slice).Randomize(1), b = Tensor(2, 37, 5, 7, yLayout, 0).Randomize(2);
        KernelTensor sum = Tensor(2, 37, 5, 7, yLayout, slice), copy = Tensor(2, 37, 5, 7, yLayout, 0);
        KernelTensor relu = Tensor(2, 37, 5, 7, xLayout, slice), back = Tensor(2, 37, 5, 7, xLayout, slice);
        float[] sums = new float[37];
        fixed (float* pa = a.Data, pb = b.Data, ps = sum.Data, pc = copy.Data, pr = relu.Data, pk = back.Data, pt = sums)
        {
            Succeeds(Pointwise("add", a, pa, b, pb, sum, ps));
            Succeeds(SunetCpu.Copy(Context, a.Native, pa, copy.Native, pc));
            Succeeds(Pointwise("relu", a, pa, a, null, relu, pr));
            Succeeds(Pointwise("relu_backward", relu, pr, a, pa, back, pk));
            Succeeds(SunetCpu.ChannelSum(Context, a.Native, pa, pt));
        }

        sum.AssertWritten((n, c, h, w) => (double)a[n, c, h, w] + b[n, c, h, w]);
        copy.AssertWritten((n, c, h, w) => a[n, c, h, w], 0);
        relu.AssertWritten((n, c, h, w) => Math.Max(0, a[n, c, h, w]), 0);
        back.AssertWritten((n, c, h, w) => a[n, c, h, w] > 0 ? a[n, c, h, w] : 0, 0);
        double[] expected = new double[37];
        a.ForEach((n, c, h, w) => expected[c] += a[n, c, h, w]);
        Assert.All(expected.Zip(sums), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void AveragePool_OddSizes_DropsTrailingPixels(int xLayout, int yLayout, int slice)
    {
        int window = 2 + (slice % 2);
        KernelTensor x = Tensor(2, 21, 11, 7, xLayout, slice).Randomize(1), y = Tensor(2, 21, 11 / window, 7 / window, yLayout, slice);
        KernelTensor dx = Tensor(2, 21, 11, 7, xLayout, slice);
        fixed (float* px = x.Data, py = y.Data, pdx = dx.Data)
        {
            Succeeds(SunetCpu.AveragePool(Context, window, x.Native, px, y.Native, py));
            Succeeds(SunetCpu.AveragePoolBackward(Context, window, y.Native, py, dx.Native, pdx));
        }

        double area = window * window;
        y.AssertWritten((n, c, h, w) => Enumerable.Range(0, window * window)
            .Sum(i => (double)x[n, c, (h * window) + (i / window), (w * window) + (i % window)]) / area);
        dx.AssertWritten((n, c, h, w) => h / window < y.H && w / window < y.W ? y[n, c, h / window, w / window] / area : 0);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void GlobalAveragePool_AnyLayoutAndSlice_MatchesDouble(int xLayout, int yLayout, int slice)
    {
        KernelTensor x = Tensor(3, 21, 23, 19, xLayout, slice).Randomize(1), y = Tensor(3, 21, 1, 1, yLayout, (slice + 1) % 4);
        KernelTensor dx = Tensor(3, 21, 23, 19, xLayout, slice);
        fixed (float* px = x.Data, py = y.Data, pdx = dx.Data)
        {
            Succeeds(SunetCpu.GlobalAveragePool(Context, x.Native, px, y.Native, py));
            Succeeds(SunetCpu.GlobalAveragePoolBackward(Context, y.Native, py, dx.Native, pdx));
        }

        y.AssertWritten((n, c, _, _) => Enumerable.Range(0, 23 * 19).Average(i => (double)x[n, c, i / 19, i % 19]));
        dx.AssertWritten((n, c, _, _) => y[n, c, 0, 0] / (23.0 * 19));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Bilinear_UpAndDown_MatchesDoubleAndItsAdjoint(int xLayout, int yLayout, int slice)
    {
        (int h, int w) = slice switch { 0 => (13, 29), 1 => (3, 2), 2 => (5, 700), _ => (9, 7) };
        KernelTensor x = Tensor(2, 19, 5, 7, xLayout, slice).Randomize(1), y = Tensor(2, 19, h, w, yLayout, slice);
        KernelTensor dy = Tensor(2, 19, h, w, yLayout, slice).Randomize(2), dx = Tensor(2, 19, 5, 7, xLayout, slice);
        fixed (float* px = x.Data, py = y.Data, pdx = dx.Data, pdy = dy.Data)
        {
            Succeeds(SunetCpu.Bilinear(Context, x.Native, px, y.Native, py));
            Succeeds(SunetCpu.BilinearBackward(Context, dy.Native, pdy, dx.Native, pdx));
        }

        y.AssertWritten((n, c, oy, ox) => Taps(oy, 5, h).Sum(v => Taps(ox, 7, w).Sum(u => v.Weight * u.Weight * x[n, c, v.At, u.At])));
        double[,,,] gradient = new double[2, 19, 5, 7];
        dy.ForEach((n, c, oy, ox) =>
        {
            foreach ((int at, double weight) in Taps(oy, 5, h))
            {
                foreach ((int column, double share) in Taps(ox, 7, w))
                {
                    gradient[n, c, at, column] += weight * share * dy[n, c, oy, ox];
                }
            }
        });
        dx.AssertWritten((n, c, iy, ix) => gradient[n, c, iy, ix]);
    }

    [Fact]
    public void Kernels_DimensionsDisagree_AreRefusedAndWriteNothing()
    {
        KernelTensor x = Tensor(1, 8, 4, 4, 2, 0).Randomize(1), y = Tensor(1, 8, 4, 5, 2, 0), z = Tensor(1, 9, 2, 2, 2, 0);
        fixed (float* px = x.Data, py = y.Data, pz = z.Data)
        {
            Assert.Equal(1, SunetCpu.Copy(Context, x.Native, px, y.Native, py));
            Assert.Equal(1, Pointwise("add", x, px, x, px, y, py));
            Assert.Equal(1, SunetCpu.AveragePool(Context, 2, x.Native, px, z.Native, pz));
            Assert.Equal(1, SunetCpu.Bilinear(Context, x.Native, px, z.Native, pz));
            Assert.Equal(1, Pointwise("relu", x, px, x, null, x, null));
        }

        Assert.All(y.Data.Concat(z.Data), value => Assert.Equal(KernelTensor.Untouched, value));
    }

    private static (int At, double Weight)[] Taps(int index, int input, int output)
    {
        double source = Math.Max(0, ((index + 0.5) * input / output) - 0.5);
        int low = (int)source;
        return [(low, 1 - (source - low)), (Math.Min(low + 1, input - 1), source - low)];
    }

    private int Pointwise(string name, KernelTensor a, float* first, KernelTensor b, float* second, KernelTensor y, float* result) =>
        PointwiseKernel.Find(name)!.Run(Context, a.Native, first, b.Native, second, coefficient: 0, y.Native, result);
}
