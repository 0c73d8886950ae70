namespace Sunet.Native.Tests.Interop.Cpu;

/// <summary>A convolution and its gradients by their definition, in float64, over row-major arrays.</summary>
internal static class ReferenceConvolution
{
    public static double[] Forward(ConvolutionCase c, float[] large, float[] weights)
    {
        double[] small = new double[c.Small.Count];
        Visit(c, (l, w, s) => small[s] += (double)large[l] * weights[w]);
        return small;
    }

    public static double[] BackwardData(ConvolutionCase c, float[] small, float[] weights)
    {
        double[] large = new double[c.Large.Count];
        Visit(c, (l, w, s) => large[l] += (double)small[s] * weights[w]);
        return large;
    }

    public static double[] BackwardWeights(ConvolutionCase c, float[] large, float[] small)
    {
        double[] weights = new double[c.Weights.Count];
        Visit(c, (l, w, s) => weights[w] += (double)large[l] * small[s]);
        return weights;
    }

    public static double[] AddBias(double[] values, int channels, int pixels, float[] bias)
    {
        for (int i = 0; i < values.Length; i++)
            values[i] += bias[i / pixels % channels];
        return values;
    }

    public static double[] ChannelSum(float[] values, int channels, int pixels)
    {
        double[] sums = new double[channels];
        for (int i = 0; i < values.Length; i++)
            sums[i / pixels % channels] += values[i];
        return sums;
    }

    public static double[] Relu(double[] values) => Array.ConvertAll(values, v => Math.Max(v, 0));

    /// <summary>Names every product of the convolution once: indices into the large side, the weights and the small side.</summary>
    private static void Visit(ConvolutionCase c, Action<int, int, int> product)
    {
        for (int n = 0; n < c.Batch; n++)
        for (int s = 0; s < c.SmallChannels; s++)
        for (int y = 0; y < c.SmallHeight; y++)
        for (int x = 0; x < c.SmallWidth; x++)
        for (int l = 0; l < c.LargeChannels; l++)
        for (int i = 0; i < c.Kernel; i++)
        for (int j = 0; j < c.Kernel; j++)
        {
            int row = y * c.Stride + i * c.Dilation - c.Top, column = x * c.Stride + j * c.Dilation - c.Left;
            if (row < 0 || row >= c.Height || column < 0 || column >= c.Width)
                continue;
            product(
                ((n * c.LargeChannels + l) * c.Height + row) * c.Width + column,
                ((s * c.LargeChannels + l) * c.Kernel + i) * c.Kernel + j,
                ((n * c.SmallChannels + s) * c.SmallHeight + y) * c.SmallWidth + x);
        }
    }
}
