using Sunet.Native.Tensors;

namespace Sunet.Native.Ops;

/// <summary>Stride, dilation and padding of a two-dimensional convolution; each pair is (height, width).</summary>
/// <param name="Stride">Steps between output positions, at least 1.</param>
/// <param name="Dilation">Distance between taps; 1 is dense.</param>
/// <param name="PaddingBegin">Zeros above and to the left.</param>
/// <param name="PaddingEnd">Zeros below and to the right; may differ from the beginning.</param>
public readonly record struct ConvolutionGeometry(
    (int H, int W) Stride, (int H, int W) Dilation, (int H, int W) PaddingBegin, (int H, int W) PaddingEnd)
{
    /// <summary>The usual square case: one number for both axes and both ends.</summary>
    public static ConvolutionGeometry Square(int stride = 1, int dilation = 1, int padding = 0) =>
        new((stride, stride), (dilation, dilation), (padding, padding), (padding, padding));

    /// <summary>Height and width of the output, rounded down as PyTorch does.</summary>
    public (int H, int W) OutputSize(int height, int width, int kernelHeight, int kernelWidth) =>
        (Extent(height, kernelHeight, PaddingBegin.H, PaddingEnd.H, Dilation.H, Stride.H),
         Extent(width, kernelWidth, PaddingBegin.W, PaddingEnd.W, Dilation.W, Stride.W));

    /// <summary>
    /// The geometry whose convolution reads <paramref name="height"/> by <paramref name="width"/> with no more padding than its last taps
    /// need: what is cut at the end, as stride 2 has it, becomes less padding at the end. Rows that no tap reads at all stay unread.
    /// </summary>
    public ConvolutionGeometry Exact(int height, int width, int kernelHeight, int kernelWidth)
    {
        (int oh, int ow) = OutputSize(height, width, kernelHeight, kernelWidth);
        return this with
        {
            PaddingEnd = (Math.Max(0, ((oh - 1) * Stride.H) + (Dilation.H * (kernelHeight - 1)) + 1 - height - PaddingBegin.H),
                          Math.Max(0, ((ow - 1) * Stride.W) + (Dilation.W * (kernelWidth - 1)) + 1 - width - PaddingBegin.W)),
        };
    }

    internal static long Flops(Shape destination, Shape weights) =>
        2L * destination.Batch * destination.Height * destination.Width * weights.Count;

    private static int Extent(int size, int kernel, int begin, int end, int dilation, int stride)
    {
        int reach = size + begin + end - (dilation * (kernel - 1)) - 1;
        return reach < 0 ? 0 : (reach / stride) + 1;
    }
}
