using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Ops;

namespace Sunet.Native.Backends.Cuda;

/// <summary>
/// The fully connected layer and its gradients: pointwise convolutions of images of one pixel, for which cuBLASLt is asked first.
/// </summary>
internal static class CudaLinear
{
    private static readonly ConvolutionGeometry Pointwise = ConvolutionGeometry.Square();

    public static PreparedCall? Prepare(CudaSession session, Op op) => op switch
    {
        Linear l => new CudaConvolution(session, op, ConvolutionDirection.Forward, Pointwise, l.Inputs[0], l.Inputs[1], l.Output,
            l.Inputs[2], ProductFirst),
        LinearDataGradient d => new CudaConvolution(session, op, ConvolutionDirection.Data, Pointwise, d.Output, d.Inputs[1], d.Inputs[0],
            configure: ProductFirst),
        LinearWeightGradient w => new CudaConvolution(session, op, ConvolutionDirection.Weights, Pointwise, w.Inputs[0], w.Output,
            w.Inputs[1], configure: ProductFirst),
        _ => null,
    };

    private static ConvolutionProblem ProductFirst(ConvolutionProblem problem) => problem with { PrefersProduct = true };
}
