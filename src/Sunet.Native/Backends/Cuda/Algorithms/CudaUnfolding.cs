using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Backends.Cuda.Kernels;
using Sunet.Native.Backends.Cuda.Layout;
using Sunet.Native.Backends.Cuda.Ops;
using Sunet.Native.Ops;

namespace Sunet.Native.Backends.Cuda.Algorithms;

/// <summary>
/// How a bf16 convolution of an image of few channels becomes one that tensor cores can do: the columns of a window and their channels, which
/// lie side by side in memory, become the channels of one pixel, padded to whole 16-byte accesses; the kernel is then one column wide. A
/// kernel of 7 x 7 over 3 channels, where engines would pad every tap to 8 channels, becomes one of 7 x 1 over 24.
/// </summary>
/// <param name="Whole">The convolution, or its weights' gradient.</param>
/// <param name="Part">The same of unfolded images: of all for the weights' gradient, else of some at a time.</param>
internal sealed record CudaUnfolding(ConvolutionProblem Whole, ConvolutionProblem Part)
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
    public static CudaUnfolding? Of(ConvolutionProblem problem, long maxPartBytes = MaxPartBytes)
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
        return new CudaUnfolding(problem, problem with
        {
            X = image with { N = images },
            W = w with { C = channels, W = 1, PixelStride = channels },
            Y = problem.Y with { N = images },
            Geometry = new ConvolutionGeometry((geometry.Stride.H, 1), (geometry.Dilation.H, 1), (geometry.PaddingBegin.H, 0),
                (geometry.PaddingEnd.H, 0)),
        });
    }

    /// <summary>Unfolds the images of one part.</summary>
    public KernelLaunch Images(CudaDevice device, nint from, nint to) => Launch(device, from, to, Part.X.N * Whole.X.H,
        Whole.X.W * Whole.X.C, Part.X.W, Whole.Geometry.Stride.W * Whole.X.C, -Whole.Geometry.PaddingBegin.W * Whole.X.C);

    /// <summary>Pads the weights' rows likewise.</summary>
    public KernelLaunch Weights(CudaDevice device, nint from, nint to) =>
        Launch(device, from, to, Whole.W.N * Whole.W.H, Whole.W.W * Whole.W.C, windows: 1, step: 0, start: 0);

    /// <summary>Takes the padding out of the weights' gradient.</summary>
    public KernelLaunch WeightGradient(CudaDevice device, nint from, nint to)
    {
        var rows = new CudaActivation((long)Whole.W.N * Whole.W.H, Whole.W.W * Whole.W.C, Whole.W.W * Whole.W.C, Whole.W.IsBf16);
        return CudaElementwise.CopyChannels(device, rows with { Stride = Part.W.C }, from, rows, to);
    }

    private KernelLaunch Launch(CudaDevice device, nint from, nint to, int rows, int length, int windows, int step, int start) =>
        new(device.Kernels.Get("unfold_rows_bf16"), CudaGrid.Rows(rows, (long)windows * Part.X.C / Lanes), CudaGrid.Block,
            from, to, (long)rows, length, windows, step, start, Whole.W.W * Whole.X.C, Part.X.C);
}

/// <summary>Unfolds the images before an algorithm for unfolded ones, and pads the weights or takes the padding out of their gradient.</summary>
internal sealed class CudaUnfolded(CudaAlgorithm inner, CudaUnfolding unfolding) : CudaAlgorithm
{
    /// <summary>The inner algorithm's own workspace comes first, then the weights, then the images.</summary>
    public override long WorkspaceBytes => ImageOffset + unfolding.Part.X.Bytes;

    public override string Description => "unfold + " + inner.Description;

    private bool ComputesWeights => unfolding.Whole.Direction == ConvolutionDirection.Weights;

    private long WeightOffset => TensorLayout.Aligned(inner.WorkspaceBytes);

    private long ImageOffset => WeightOffset + TensorLayout.Aligned(unfolding.Part.W.Bytes);

    public override CudaBoundAlgorithm Bind(CudaSession session, ReadOnlySpan<nint> operands, nint workspace, string layer)
    {
        nint weights = workspace + (nint)WeightOffset, images = workspace + (nint)ImageOffset;
        nint[] redirected = operands.ToArray();
        redirected[ConvolutionProblem.OperandX] = images;
        redirected[ConvolutionProblem.OperandW] = weights;
        var steps = new List<CudaBoundAlgorithm>();
        try
        {
            if (!ComputesWeights)
                Launch(unfolding.Weights(session.Device, operands[ConvolutionProblem.OperandW], weights));
            for (int i = 0; i < unfolding.Parts; i++)
            {
                nint x = operands[ConvolutionProblem.OperandX] + PartOffset(i, unfolding.Whole.X);
                redirected[ConvolutionProblem.OperandY] = operands[ConvolutionProblem.OperandY] + PartOffset(i, unfolding.Whole.Y);
                Launch(unfolding.Images(session.Device, x, images));
                steps.Add(inner.Bind(session, redirected, workspace, layer));
            }

            if (ComputesWeights)
                Launch(unfolding.WeightGradient(session.Device, weights, operands[ConvolutionProblem.OperandW]));
            return new CudaSequence([.. steps]);
        }
        catch
        {
            steps.ForEach(s => s.Dispose());
            throw;
        }

        void Launch(KernelLaunch launch) => steps.Add(new CudaLaunch(launch, session.Stream, layer));
    }

    public override void Dispose() => inner.Dispose();

    private nint PartOffset(int part, in TensorLayout layout) => (nint)(part * unfolding.Part.X.N * layout.ImageBytes);
}
