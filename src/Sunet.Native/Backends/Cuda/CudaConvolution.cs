using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Ops;

namespace Sunet.Native.Backends.Cuda;

/// <summary>
/// Convolutions and transposed convolutions, forward and both gradients. A transposed convolution is the data gradient of the convolution
/// that it transposes, so three directions serve all six ops.
/// </summary>
internal sealed class CudaConvolution : CudaCall
{
    private readonly CudaAlgorithm algorithm;
    private readonly Value x, w, y;
    private readonly Value? bias;
    private readonly bool readsCopy;
    private CudaBoundAlgorithm? bound;

    /// <param name="session">Where it runs.</param>
    /// <param name="op">The op that is prepared.</param>
    /// <param name="direction">What is computed.</param>
    /// <param name="geometry">The convolution's.</param>
    /// <param name="x">The convolution's input, or its gradient.</param>
    /// <param name="w">The weights [K, C, R, S], or [K, C] for one pixel; or their gradient.</param>
    /// <param name="y">The convolution's output, or its gradient.</param>
    /// <param name="bias">Added to what is computed; or null.</param>
    /// <param name="configure">Further properties of the problem.</param>
    public CudaConvolution(CudaSession session, Op op, ConvolutionDirection direction, ConvolutionGeometry geometry, Value x, Value w,
        Value y, Value? bias = null, Func<ConvolutionProblem, ConvolutionProblem>? configure = null)
        : base(session, op)
    {
        (this.x, this.w, this.y, this.bias) = (x, w, y, bias);

        // Factors are of one type, so weights are read as their copy where activations are bf16. Their gradient is what the plan says.
        readsCopy = direction != ConvolutionDirection.Weights && session.IsBf16(direction == ConvolutionDirection.Data ? y : x);
        TensorLayout weights = TensorLayout.Packed(readsCopy || session.IsBf16(w), w.Shape);
        var problem = new ConvolutionProblem(direction, TensorLayout.Of(session, x), weights, TensorLayout.Of(session, y),
            ConvolutionProblem.Symmetric(geometry, x.Shape, w.Shape, y.Shape)) { HasBias = bias is not null };
        algorithm = session.Algorithms.Get(session, configure is null ? problem : configure(problem), op);
    }

    public override long ScratchBytes => algorithm.WorkspaceBytes;

    public override string Implementation => algorithm.Description;

    public static PreparedCall? Prepare(CudaSession session, Op op) => op switch
    {
        Convolution c => new CudaConvolution(session, op, ConvolutionDirection.Forward, c.Geometry, c.X, c.Weights, c.Output, c.Bias,
            p => p with { FusedRelu = c.FusedRelu, Accumulates = c.Accumulator is not null }),
        ConvolutionDataGradient d => new CudaConvolution(session, op, ConvolutionDirection.Data, d.Geometry, d.Output, d.Inputs[1],
            d.Inputs[0]),
        ConvolutionWeightGradient w => new CudaConvolution(session, op, ConvolutionDirection.Weights, w.Geometry, w.Inputs[0], w.Output,
            w.Inputs[1]),
        TransposedConvolution t => new CudaConvolution(session, op, ConvolutionDirection.Data, t.Geometry, t.Output, t.Weights, t.X, t.Bias,
            p => p with { FusedRelu = t.FusedRelu }),
        TransposedConvolutionDataGradient d => new CudaConvolution(session, op, ConvolutionDirection.Forward, d.Geometry, d.Inputs[0],
            d.Inputs[1], d.Output),
        TransposedConvolutionWeightGradient w => new CudaConvolution(session, op, ConvolutionDirection.Weights, w.Geometry, w.Inputs[1],
            w.Output, w.Inputs[0]),
        _ => null,
    };

    public override void Bind(PlanAddresses at)
    {
        bound?.Dispose();
        bound = null;
        nint weights = readsCopy ? at.CopyOf(w) : at.Of(w);
        bound = algorithm.Bind(Session, [at.Of(x), weights, at.Of(y), bias is null ? 0 : at.Of(bias)], at.Scratch, Label);
    }

    protected override void Enqueue() => bound!.Run();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            bound?.Dispose();
        base.Dispose(disposing);
    }
}
