using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Native.Backends.Cuda;

/// <summary>
/// Convolutions and transposed convolutions, forward and both gradients. A transposed convolution is the data gradient of the convolution
/// whose output is its input, so three directions serve all six ops.
/// </summary>
internal sealed class CudaConvolution : PreparedCall
{
    private readonly Op op;
    private readonly CudaAlgorithm algorithm;
    private readonly Value x, w, y;
    private readonly Value? bias;
    private readonly bool readsCopy;
    private CudaBoundCall? call;

    private CudaConvolution(CudaSession session, Op op, ConvolutionDirection direction, ConvolutionGeometry geometry, Value x, Value w,
        Value y, Value? bias = null, bool fusedRelu = false, bool accumulates = false)
    {
        this.op = op;
        (this.x, this.w, this.y, this.bias) = (x, w, y, bias);

        // A convolution takes weights of its input's type; their gradient belongs to the float32 master.
        bool inputIsBf16 = session.IsBf16(direction == ConvolutionDirection.Data ? y : x);
        readsCopy = inputIsBf16 && direction != ConvolutionDirection.Weights;
        var problem = new ConvolutionProblem(direction, TensorLayout.Of(session, x), TensorLayout.Packed(readsCopy, w.Shape),
            TensorLayout.Of(session, y), ConvolutionProblem.Symmetric(geometry, x.Shape, w.Shape, y.Shape))
        {
            HasBias = bias is not null,
            FusedRelu = fusedRelu,
            Accumulates = accumulates,
        };
        algorithm = session.Algorithms.Get(problem, op);
    }

    public override long ScratchBytes => algorithm.WorkspaceBytes;

    public override string Implementation => algorithm.Description;

    public static PreparedCall? Prepare(CudaSession session, Op op) => op switch
    {
        Convolution c => new CudaConvolution(session, op, ConvolutionDirection.Forward, c.Geometry, c.X, c.Weights, c.Output, c.Bias,
            c.FusedRelu, c.Accumulator is not null),
        ConvolutionDataGradient d => new CudaConvolution(session, op, ConvolutionDirection.Data, d.Geometry, d.Output, d.Inputs[1],
            d.Inputs[0]),
        ConvolutionWeightGradient w => new CudaConvolution(session, op, ConvolutionDirection.Weights, w.Geometry, w.Inputs[0], w.Output,
            w.Inputs[1]),
        TransposedConvolution t => new CudaConvolution(session, op, ConvolutionDirection.Data, t.Geometry, t.Output, t.Weights, t.X, t.Bias,
            t.FusedRelu),
        TransposedConvolutionDataGradient d => new CudaConvolution(session, op, ConvolutionDirection.Forward, d.Geometry, d.Inputs[0],
            d.Inputs[1], d.Output),
        TransposedConvolutionWeightGradient w => new CudaConvolution(session, op, ConvolutionDirection.Weights, w.Geometry, w.Inputs[1],
            w.Output, w.Inputs[0]),
        _ => null,
    };

    public override void Bind(PlanAddresses at)
    {
        call?.Dispose();
        nint weights = readsCopy ? at.CopyOf(w) : at.Of(w);
        call = algorithm.Bind([at.Of(x), weights, at.Of(y), bias is null ? 0 : at.Of(bias)], at.Scratch, op.Name);
    }

    public override void Run() => call!.Run();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            call?.Dispose();
        base.Dispose(disposing);
    }
}
