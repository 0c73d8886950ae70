using Sunet.Native.Interop.Cpu;

namespace Sunet.Native.Tests.Kernels;

public sealed unsafe class LossKernelTests : KernelTest
{
    [Theory]
    [MemberData(nameof(Cases))]
    public void Softmax_AnyLayoutAndSlice_MatchesDouble(int xLayout, int yLayout, int slice)
    {
        KernelTensor x = Tensor(2, 21, 17, 19, xLayout, slice).Randomize(1, deviation: 20), y = Tensor(2, 21, 17, 19, yLayout, slice);
        KernelTensor dy = Tensor(2, 21, 17, 19, yLayout, slice).Randomize(2), dx = Tensor(2, 21, 17, 19, yLayout, slice);
        fixed (float* px = x.Data, py = y.Data, pdy = dy.Data, pdx = dx.Data)
        {
            Succeeds(SunetCpu.Softmax(Context, x.Native, px, y.Native, py));
            Succeeds(SunetCpu.SoftmaxBackward(Context, y.Native, py, pdy, pdx));
        }

        y.AssertWritten((n, c, h, w) => Math.Exp(x[n, c, h, w] - LogSumExp(x, n, h, w)));
        dx.AssertWritten((n, c, h, w) => y[n, c, h, w]
            * (dy[n, c, h, w] - Enumerable.Range(0, 21).Sum(k => (double)dy[n, k, h, w] * y[n, k, h, w])));
    }

    /// <summary>A label that is ignored may be one of the classes, too; then only what ignores it keeps its pixels out.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void CrossEntropy_IgnoredAndInvalidLabels_MatchesDouble(int xLayout, int yLayout, int slice)
    {
        foreach (int ignore in new[] { 255, 5 })
            AssertCrossEntropy(xLayout, yLayout, slice, ignore);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(3)]
    public void CrossEntropy_NothingCountedThenNaN_IsZeroThenNaN(int layout)
    {
        KernelTensor x = Tensor(1, 3, 2, 2, layout, 0).Randomize(1);
        int[] labels = [255, 255, 255, 255];
        float[] logSumExp = new float[4];
        float loss, later;
        int counted, invalid;
        fixed (float* px = x.Data, lse = logSumExp)
        fixed (int* pl = labels)
        {
            Succeeds(SunetCpu.SoftmaxCrossEntropy(Context, x.Native, px, pl, 255, lse, &loss, &counted, &invalid));
            Assert.Equal((0f, 0, 0), (loss, counted, invalid));
            x[0, 1, 0, 1] = float.NaN;
            pl[1] = 0;
            Succeeds(SunetCpu.SoftmaxCrossEntropy(Context, x.Native, px, pl, 255, lse, &later, &counted, &invalid));
        }

        Assert.True(float.IsNaN(later));
        Assert.Equal(1, counted);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void ArgMax_WithTies_TakesTheFirst(int layout)
    {
        KernelTensor x = Tensor(2, 21, 17, 19, layout, 3).Randomize(1);
        x[1, 3, 4, 5] = x[1, 9, 4, 5] = 50;
        byte[] classes = new byte[2 * 17 * 19];
        fixed (float* px = x.Data)
        fixed (byte* p = classes)
        {
            Succeeds(SunetCpu.ArgMax(Context, x.Native, px, p));
        }

        for (int i = 0; i < classes.Length; i++)
        {
            (int n, int h, int w) = (i / (17 * 19), i / 19 % 17, i % 19);
            Assert.Equal(Enumerable.Range(0, 21).MaxBy(c => x[n, c, h, w]), classes[i]);
        }

        Assert.Equal(3, classes[(17 * 19) + (4 * 19) + 5]);
    }

    [Theory]
    [InlineData(0, 131, 150)]
    [InlineData(1, 131, 150)]
    [InlineData(2, 131, 150)]
    [InlineData(3, 131, 150)]
    [InlineData(2, 9, 7)]
    [InlineData(2, 17, 19)]
    public void ResizeArgMax_AnyLayoutAndSize_IsThatOfTheResizedLogits(int layout, int height, int width)
    {
        KernelTensor x = Tensor(2, 21, 17, 19, layout, 3).Randomize(1), y = Tensor(2, 21, height, width, 0, 0);
        byte[] classes = new byte[2 * height * width];
        fixed (float* px = x.Data, py = y.Data)
        fixed (byte* p = classes)
        {
            Succeeds(SunetCpu.Bilinear(Context, x.Native, px, y.Native, py));
            Succeeds(SunetCpu.ResizeArgMax(Context, x.Native, px, height, width, p));
        }

        for (int i = 0; i < classes.Length; i++)
        {
            (int n, int h, int w) = (i / (height * width), i / width % height, i % width);
            float largest = Enumerable.Range(0, 21).Max(c => y[n, c, h, w]);

            // Both interpolate with the same formula; a fused multiply-add in one of them may round the last bit otherwise.
            Assert.True(y[n, classes[i], h, w] >= largest - (4e-7f * Math.Abs(largest)), $"pixel {n}, {h}, {w}");
        }
    }

    [Fact]
    public void ResizeArgMax_TiesAndTooManyClasses_TakesTheFirstAndRefuses()
    {
        KernelTensor x = Tensor(1, 21, 4, 4, 2, 0), many = Tensor(1, 257, 2, 2, 0, 0);
        byte[] classes = new byte[64];
        Array.Fill(classes, (byte)9);
        fixed (float* px = x.Data, pm = many.Data)
        fixed (byte* p = classes)
        {
            x.ForEach((n, c, h, w) => x[n, c, h, w] = c is 3 or 8 ? 1 : 0);
            Succeeds(SunetCpu.ResizeArgMax(Context, x.Native, px, 8, 8, p));
            Assert.All(classes, c => Assert.Equal(3, c));
            Assert.Equal(1, SunetCpu.ResizeArgMax(Context, many.Native, pm, 8, 8, p));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void SgdUpdate_ThreeSteps_MatchesPyTorchsRule(int nesterov)
    {
        NativeSgd sgd = new() { LearningRate = 0.1f, Momentum = 0.9f, WeightDecay = 0.01f, GradientScale = 0.5f, Nesterov = nesterov };
        float[] p = new float[101], g = new float[101], v = new float[101];
        Array.Fill(p, 1f);
        Array.Fill(g, 2f);
        double parameter = 1, velocity = 0;
        for (int step = 0; step < 3; step++)
        {
            fixed (float* pp = p, pg = g, pv = v)
            {
                Succeeds(SunetCpu.SgdUpdate(Context, p.Length, sgd, pp, pg, pv));
            }

            double gradient = 1 + (0.01 * parameter);
            velocity = (0.9 * velocity) + gradient;
            parameter -= 0.1 * (nesterov == 1 ? gradient + (0.9 * velocity) : velocity);
        }

        Assert.All(p, value => Assert.Equal(parameter, value, 1e-6));
    }

    [Theory]
    [InlineData(0.5f)]
    [InlineData(1000f)]
    public void ClipNorm_LongRange_ScalesToTheLimit(float limit)
    {
        var random = new Random(1);
        float[] x = [.. Enumerable.Range(0, 1001).Select(_ => (random.NextSingle() * 2) - 1)], clipped = [.. x];
        fixed (float* at = clipped)
        {
            Succeeds(SunetCpu.ClipNorm(Context, x.Length, limit, at));
            Assert.Equal(1, SunetCpu.ClipNorm(Context, x.Length, 0, at));
        }

        double norm = Math.Sqrt(x.Sum(v => (double)v * v)), factor = Math.Min(1, limit / (norm + 1e-6));
        Assert.All(x.Zip(clipped), pair => Assert.Equal(pair.First * factor, pair.Second, 1e-7 * Math.Abs(pair.First)));
    }

    [Theory]
    [InlineData(0, float.NaN)]
    [InlineData(99, float.PositiveInfinity)]
    [InlineData(100, float.NegativeInfinity)]
    public void AllFinite_OneSpecialElement_IsFound(int at, float special)
    {
        float[] x = new float[101], y = new float[101];
        Array.Fill(x, float.MaxValue);
        int before, after;
        fixed (float* px = x, py = y)
        {
            Succeeds(SunetCpu.AllFinite(Context, x.Length, NativeType.Float32, px, &before));
            x[at] = special;
            Succeeds(SunetCpu.AllFinite(Context, x.Length, NativeType.Float32, px, &after));
            Succeeds(SunetCpu.Accumulate(Context, x.Length, px, py));
        }

        Assert.Equal((1, 0), (before, after));
        Assert.Equal(x, y);
    }

    private void AssertCrossEntropy(int xLayout, int yLayout, int slice, int ignore)
    {
        KernelTensor x = Tensor(2, 21, 17, 19, xLayout, slice).Randomize(1, deviation: 4), dx = Tensor(2, 21, 17, 19, yLayout, slice);
        int[] labels = [.. Enumerable.Range(0, 2 * 17 * 19).Select(i => i % 7 == 0 ? ignore : i % 101 == 0 ? -3 : i % 21)];
        float[] logSumExp = new float[labels.Length];
        float loss, upstream = 0.5f;
        int counted, invalid;
        fixed (float* px = x.Data, pdx = dx.Data, lse = logSumExp)
        fixed (int* pl = labels)
        {
            Succeeds(SunetCpu.SoftmaxCrossEntropy(Context, x.Native, px, pl, ignore, lse, &loss, &counted, &invalid));
            Succeeds(SunetCpu.SoftmaxCrossEntropyBackward(
                Context, x.Native, px, pl, ignore, lse, &counted, &upstream, dx.Native, pdx));
        }

        int Label(int n, int h, int w) => labels[(((n * 17) + h) * 19) + w];
        bool Takes(int label) => label is >= 0 and < 21 && label != ignore;
        double sum = 0, taken = labels.Count(Takes);
        x.ForEach((n, c, h, w) => sum += c == Label(n, h, w) && Takes(c) ? LogSumExp(x, n, h, w) - x[n, c, h, w] : 0);
        Assert.Equal(taken, counted);
        Assert.Equal(labels.Count(l => l == -3), invalid);
        Assert.Equal(sum / taken, loss, 1e-6 * sum / taken);
        dx.AssertWritten((n, c, h, w) => Takes(Label(n, h, w))
            ? (Math.Exp(x[n, c, h, w] - LogSumExp(x, n, h, w)) - (c == Label(n, h, w) ? 1 : 0)) * 0.5 / taken : 0);
    }

    private static double LogSumExp(KernelTensor x, int n, int h, int w)
    {
        double maximum = Enumerable.Range(0, x.C).Max(c => (double)x[n, c, h, w]);
        return maximum + Math.Log(Enumerable.Range(0, x.C).Sum(c => Math.Exp(x[n, c, h, w] - maximum)));
    }
}
