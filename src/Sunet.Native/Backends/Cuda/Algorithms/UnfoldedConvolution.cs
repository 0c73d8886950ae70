using Sunet.Native.Backends.Cuda.Kernels;
using Sunet.Native.Backends.Cuda.Layout;
using Sunet.Native.Ops;

namespace Sunet.Native.Backends.Cuda.Algorithms;

/// <summary>
/// A bf16 convolution of an image of few channels as one that tensor cores can do. The columns of a window and their channels, which lie
/// side by side in memory, become the channels of one pixel, padded to whole 16-byte accesses; the kernel is then one column wide. A kernel
/// of 7 x 7 over 3 channels, where engines would pad every tap to 8 channels, becomes one of 7 x 1 over 24.
/// </summary>
/// <param name="Whole">The convolution, or its weights' gradient.</param>
/// <param name="Part">The convolution of unfolded images: of all for the weights' gradient, else of some at a time.</param>
internal sealed record UnfoldedConvolution(ConvolutionProblem Whole, ConvolutionProblem Part)
{
    /// <summary>Elements of a 16-byte access.</summary>
    private const int Lanes = TensorLayout.Alignment / sizeof(ushort);

    /// <summary>With more, what unfolding writes outgrows what a tap's padding costs.</summary>
    private const int MaxChannels = 32;

    /// <summary>What of unfolded images stays in the second-level cache of an A100 or H100 until the convolution has read it.</summary>
    private const long MaxPartBytes = 32L << 20;

    /// <summary>How many parts there are.</summary>
    public int Parts => Whole.X.N / Part.X.N;

    /// <summary>How to unfold the problem's image; null where that does not suit it.</summary>
    /// <param name="problem">Any convolution.</param>
    /// <param name="maxPartBytes">The most that a part of several images may take when unfolded.</param>
    public static UnfoldedConvolution? Of(ConvolutionProblem problem, long maxPartBytes = MaxPartBytes)
    {
        (TensorLayout x, TensorLayout w, ConvolutionGeometry geometry) = (problem.X, problem.W, problem.Geometry);
        int size = x.C * w.W;
        bool suits = problem.Direction != ConvolutionDirection.Data && x.IsBf16 && x.C < Lanes && x.PixelStride == x.C && w.W > 1
            && geometry.Dilation.W == 1 && size <= MaxChannels;
        if (!suits)
            return null;
        int channels = RoundUp.ToMultiple(size, Lanes);
        var image = new TensorLayout(true, 1, channels, x.H, problem.Y.W, channels);
        int images = problem.Direction == ConvolutionDirection.Weights || problem.Y.ImageBytes % TensorLayout.Alignment != 0
            ? x.N
            : Enumerable.Range(1, x.N).Last(n => n == 1 || (x.N % n == 0 && n * image.Bytes <= maxPartBytes));
        return new UnfoldedConvolution(problem, problem with
        {
            X = image with { N = images },
            W = w with { C = channels, W = 1, PixelStride = channels },
            Y = problem.Y with { N = images },
            Geometry = new ConvolutionGeometry((geometry.Stride.H, 1), (geometry.Dilation.H, 1), (geometry.PaddingBegin.H, 0),
                (geometry.PaddingEnd.H, 0)),
        });
    }

    /// <summary>Unfolds the images of one part.</summary>
    public KernelLaunch Images(CudaKernels kernels, nint from, nint to) => Launch(kernels, from, to, Part.X.N * Whole.X.H,
        Whole.X.W * Whole.X.C, Part.X.W, Whole.Geometry.Stride.W * Whole.X.C, -Whole.Geometry.PaddingBegin.W * Whole.X.C);

    /// <summary>Pads the weights' rows likewise.</summary>
    public KernelLaunch Weights(CudaKernels kernels, nint from, nint to) =>
        Launch(kernels, from, to, Whole.W.N * Whole.W.H, Whole.W.W * Whole.W.C, windows: 1, step: 0, start: 0);

    /// <summary>Takes the padding out of the weights' gradient.</summary>
    public KernelLaunch WeightGradient(CudaKernels kernels, nint from, nint to)
    {
        var rows = new CudaActivation((long)Whole.W.N * Whole.W.H, Whole.W.W * Whole.W.C, Whole.W.W * Whole.W.C, Whole.W.IsBf16);
        return LayoutLaunches.CopyChannels(kernels, rows with { Stride = Part.W.C }, from, rows, to);
    }

    private KernelLaunch Launch(CudaKernels kernels, nint from, nint to, int rows, int length, int windows, int step, int start) =>
        new(kernels.Get("unfold_rows_bf16"), CudaGrid.Rows(rows, (long)windows * Part.X.C / Lanes), CudaGrid.Block,
            from, to, (long)rows, length, windows, step, start, Whole.W.W * Whole.X.C, Part.X.C);
}
