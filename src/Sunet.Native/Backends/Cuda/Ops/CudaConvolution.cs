using Sunet.Native.Backends.Cuda.Algorithms;
using Sunet.Native.Backends.Cuda.Layout;
using Sunet.Native.Backends.Cuda.Running;
using Sunet.Native.Graphs;
using Sunet.Native.Ops;

namespace Sunet.Native.Backends.Cuda.Ops;

/// <summary>
/// Convolutions and transposed convolutions, forward and both gradients. A transposed convolution is the data gradient of the convolution
/// that it transposes, so three directions serve all six ops; and the fully connected layer with its gradients, pointwise convolutions for
/// which cuBLASLt is asked first.
/// </summary>
internal sealed class CudaConvolution : CudaCall
{
    /// <summary>A fully connected layer is the pointwise convolution of images of one pixel.</summary>
    private static readonly ConvolutionGeometry Pointwise = ConvolutionGeometry.Square();

    private readonly CudaAlgorithm algorithm;
    private readonly Roles roles;
    private CudaBoundAlgorithm? bound;

    private CudaConvolution(CudaRun session, CudaAlgorithms algorithms, Op op, Roles roles)
        : base(session, op)
    {
        this.roles = roles;
        algorithm = algorithms.Get(roles.Problem(session), op);
    }

    public override long ScratchBytes => algorithm.WorkspaceBytes;

    public override string Implementation => algorithm.Description;

    public static PreparedCall? Prepare(CudaRun session, CudaAlgorithms algorithms, Op op) =>
        RolesOf(op) is { } roles ? new CudaConvolution(session, algorithms, op, roles) : null;

    /// <summary>What an op asks of the libraries; null where it is no convolution.</summary>
    public static ConvolutionProblem? ProblemOf(CudaRun session, Op op) => RolesOf(op)?.Problem(session);

    public override void Bind(IValueAddresses at)
    {
        bound?.Dispose();
        bound = null;
        nint weights = roles.ReadsCopy(Session) ? at.CopyOf(roles.W) : at.Of(roles.W);
        bound = algorithm.Bind(
            Session, [at.Of(roles.X), weights, at.Of(roles.Y), roles.Bias is null ? 0 : at.Of(roles.Bias)], at.Scratch, Label);
    }

    protected override void Enqueue() => bound!.Run();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            bound?.Dispose();
        base.Dispose(disposing);
    }

    private static Roles? RolesOf(Op op) => op switch
    {
        Convolution c => new(ConvolutionDirection.Forward, c.Geometry, c.X, c.Weights, c.Output, c.Bias)
        {
            FusedRelu = c.FusedRelu,
            Accumulates = c.Accumulator is not null,
        },
        ConvolutionDataGradient d => new(ConvolutionDirection.Data, d.Geometry, d.Output, d.Inputs[1], d.Inputs[0]),
        ConvolutionWeightGradient w => new(ConvolutionDirection.Weights, w.Geometry, w.Inputs[0], w.Output, w.Inputs[1]),
        TransposedConvolution t => new(ConvolutionDirection.Data, t.Geometry, t.Output, t.Weights, t.X, t.Bias) { FusedRelu = t.FusedRelu },
        TransposedConvolutionDataGradient d => new(ConvolutionDirection.Forward, d.Geometry, d.Inputs[0], d.Inputs[1], d.Output),
        TransposedConvolutionWeightGradient w => new(ConvolutionDirection.Weights, w.Geometry, w.Inputs[1], w.Output, w.Inputs[0]),
        Linear l => new(ConvolutionDirection.Forward, Pointwise, l.Inputs[0], l.Inputs[1], l.Output, l.Inputs[2]) { PrefersProduct = true },
        LinearDataGradient d => new(ConvolutionDirection.Data, Pointwise, d.Output, d.Inputs[1], d.Inputs[0]) { PrefersProduct = true },
        LinearWeightGradient w => new(ConvolutionDirection.Weights, Pointwise, w.Inputs[0], w.Output, w.Inputs[1]) { PrefersProduct = true },
        _ => null,
    };

    /// <summary>Which values of an op are which tensors of a convolution.</summary>
    /// <param name="Direction">What is computed.</param>
    /// <param name="Geometry">The convolution's.</param>
    /// <param name="X">The convolution's input, or its gradient.</param>
    /// <param name="W">The weights [K, C, R, S], or [K, C] for one pixel; or their gradient.</param>
    /// <param name="Y">The convolution's output, or its gradient.</param>
    /// <param name="Bias">Added to what is computed; or null.</param>
    private sealed record Roles(
        ConvolutionDirection Direction, ConvolutionGeometry Geometry, Value X, Value W, Value Y, Value? Bias = null)
    {
        public bool FusedRelu { get; init; }

        public bool Accumulates { get; init; }

        public bool PrefersProduct { get; init; }

        /// <summary>
        /// Factors are of one type, so weights are read as their copy where activations are bf16. Their gradient is what the plan says.
        /// </summary>
        public bool ReadsCopy(CudaRun session) =>
            Direction != ConvolutionDirection.Weights && session.Layouts.IsBf16(Direction == ConvolutionDirection.Data ? Y : X);

        public ConvolutionProblem Problem(CudaRun session) => new(
            Direction, TensorLayout.Of(session.Layouts, X), TensorLayout.Packed(ReadsCopy(session) || session.Layouts.IsBf16(W), W.Shape),
            TensorLayout.Of(session.Layouts, Y), ConvolutionProblem.Symmetric(Geometry, X.Shape, W.Shape, Y.Shape))
        {
            HasBias = Bias is not null,
            FusedRelu = FusedRelu,
            Accumulates = Accumulates,
            PrefersProduct = PrefersProduct,
        };
    }
}
