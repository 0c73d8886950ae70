using Sunet.Native.Backends.Cuda.Layout;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Native.Backends.Cuda.Algorithms;

/// <summary>
/// A convolution x [N, C, H, W] with w [K, C, R, S] to y [N, K, H', W'], or one of its gradients; its addresses are those of x, w, y and
/// the bias. Equal problems share one algorithm, so everything that its choice may depend on is part of the record, but for the options of
/// the backend.
/// </summary>
/// <param name="Direction">What is computed.</param>
/// <param name="X">The input, or its gradient.</param>
/// <param name="W">The weights, or their gradient.</param>
/// <param name="Y">The output, or its gradient.</param>
/// <param name="Geometry">Stride, dilation, padding.</param>
internal sealed record ConvolutionProblem(
    ConvolutionDirection Direction, TensorLayout X, TensorLayout W, TensorLayout Y, ConvolutionGeometry Geometry)
{
    public const int OperandX = 0, OperandW = 1, OperandY = 2, OperandBias = 3;

    /// <summary>Whether a float32 vector is added to every pixel of the result.</summary>
    public bool HasBias { get; init; }

    /// <summary>Whether the result is clamped at zero, last of all.</summary>
    public bool FusedRelu { get; init; }

    /// <summary>Whether the result is added onto what is there.</summary>
    public bool Accumulates { get; init; }

    /// <summary>Whether the matrix product is tried first.</summary>
    public bool PrefersProduct { get; init; }

    /// <summary>Whether something is left to do to the convolution's sum.</summary>
    public bool HasEpilogue => HasBias || FusedRelu;

    /// <summary>Which operand is written.</summary>
    public int ResultOperand => Direction switch
    {
        ConvolutionDirection.Forward => OperandY,
        ConvolutionDirection.Data => OperandX,
        _ => OperandW,
    };

    public TensorLayout Result => Direction switch
    {
        ConvolutionDirection.Forward => Y,
        ConvolutionDirection.Data => X,
        _ => W,
    };

    /// <summary>Whether each pixel of y depends on one pixel of x: then all directions are matrix products.</summary>
    public bool IsPointwise => W.H == 1 && W.W == 1 && Geometry.Stride == (1, 1) && Geometry.PaddingBegin == (0, 0)
        && Geometry.PaddingEnd == (0, 0);

    /// <summary>The bytes of each operand, in the order in which their addresses are bound; 0 for those it does not have.</summary>
    public long[] OperandBytes => [X.Bytes, W.Bytes, Y.Bytes, HasBias ? TensorLayout.Vector(Result.C).Bytes : 0];

    public override string ToString()
    {
        string tensors = Direction switch
        {
            ConvolutionDirection.Forward => $"x {X} and w {W} to y {Y}",
            ConvolutionDirection.Data => $"y {Y} and w {W} to x {X}",
            _ => $"x {X} and y {Y} to w {W}",
        };
        return $"from {tensors}, stride {Geometry.Stride}, dilation {Geometry.Dilation}, padding {Geometry.PaddingBegin} and "
            + $"{Geometry.PaddingEnd}{(HasBias ? ", bias" : "")}{(Accumulates ? ", accumulating" : "")}{(FusedRelu ? ", ReLU" : "")}";
    }

    /// <summary>
    /// Pads both ends alike where that gives the same output: cuDNN has far more engines for it, and the zeros beyond what an op counts as
    /// exact are read by no tap.
    /// </summary>
    public static ConvolutionGeometry Symmetric(in ConvolutionGeometry exact, Shape x, Shape w, Shape y)
    {
        ConvolutionGeometry symmetric = exact with { PaddingEnd = exact.PaddingBegin };
        return symmetric.OutputSize(x.Height, x.Width, w[2], w[3]) == (y.Height, y.Width) ? symmetric : exact;
    }
}
