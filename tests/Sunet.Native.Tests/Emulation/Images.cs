namespace Sunet.Native.Tests.Emulation;

/// <summary>Test images as doubles in the order N, H, W, C (weights: K, R, S, C), and the plain loops that the emulator is held
/// against.</summary>
internal static class Images
{
    /// <summary>Numbers that bfloat16 holds exactly, so that every difference is one of arithmetic.</summary>
    public static double[] Random(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => Round(random.NextDouble() * 2 - 1))];
    }

    public static double Round(double value) =>
        (double)BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits((float)value) & 0xFFFF0000);

    public static float[] Floats(double[] values) => [.. values.Select(v => (float)v)];

    public static ushort[] Halves(double[] values) => [.. values.Select(v => (ushort)(BitConverter.SingleToUInt32Bits((float)v) >> 16))];

    public static double[] Widen(ushort[] values) => [.. values.Select(v => (double)BitConverter.UInt32BitsToSingle((uint)v << 16))];

    /// <summary>The image with its pixels further apart; between them lies a number that no result may hold.</summary>
    public static double[] Spread(double[] values, int channels, int pixel) => Spread(values, channels, pixel, 1e30);

    public static double[] Spread(double[] values, int channels, int pixel, double between)
    {
        double[] spread = new double[values.Length / channels * pixel];
        Array.Fill(spread, between);
        for (int i = 0; i < values.Length; i++)
            spread[i / channels * pixel + i % channels] = values[i];
        return spread;
    }

    public static double[] Gather(double[] values, int channels, int pixel) =>
        [.. Enumerable.Range(0, values.Length / pixel * channels).Select(i => values[i / channels * pixel + i % channels])];

    /// <summary>Calls body(index in x, index in w, index in y) for every product of a convolution.</summary>
    public static void Walk(ConvolutionShape s, Action<int, int, int> body)
    {
        for (int n = 0; n < s.N; n++)
        for (int p = 0; p < s.P; p++)
        for (int q = 0; q < s.Q; q++)
        for (int r = 0; r < s.R; r++)
        for (int t = 0; t < s.R; t++)
        {
            int row = p * s.Stride - s.Pre + r * s.Dilation, column = q * s.Stride - s.Pre + t * s.Dilation;
            if (row < 0 || row >= s.H || column < 0 || column >= s.W)
                continue;
            for (int k = 0; k < s.K; k++)
            for (int c = 0; c < s.C; c++)
                body(((n * s.H + row) * s.W + column) * s.C + c, ((k * s.R + r) * s.R + t) * s.C + c, ((n * s.P + p) * s.Q + q) * s.K + k);
        }
    }

    public static double[] Forward(ConvolutionShape s, double[] x, double[] w)
    {
        double[] y = new double[s.N * s.P * s.Q * s.K];
        Walk(s, (i, j, o) => y[o] += x[i] * w[j]);
        return y;
    }

    public static double[] BackwardData(ConvolutionShape s, double[] w, double[] y)
    {
        double[] x = new double[s.N * s.H * s.W * s.C];
        Walk(s, (i, j, o) => x[i] += y[o] * w[j]);
        return x;
    }

    public static double[] BackwardFilter(ConvolutionShape s, double[] x, double[] y)
    {
        double[] w = new double[s.K * s.R * s.R * s.C];
        Walk(s, (i, j, o) => w[j] += x[i] * y[o]);
        return w;
    }

    /// <summary>Asserts that values are near to what they ought to be, relative to the largest of these.</summary>
    public static void Near(double[] expected, double[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        double bound = tolerance * expected.Max(Math.Abs) + 1e-30;
        for (int i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= bound, $"[{i}] is {actual[i]}, not {expected[i]}");
    }

    public static double Distance(double[] expected, double[] actual) =>
        expected.Zip(actual, (e, a) => Math.Abs(e - a)).Max() / expected.Max(Math.Abs);
}
