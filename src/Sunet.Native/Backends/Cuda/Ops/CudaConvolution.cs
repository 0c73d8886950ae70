using Sunet.Native.Backends.Cuda.Algorithms;
using Sunet.Native.Backends.Cuda.Layout;
using Sunet.Native.Backends.Cuda.Running;
using Sunet.Native.Graphs;
using Sunet.Native.Ops;

namespace Sunet.Native.Backends.Cuda.Ops;

/// <summary>
/// Convolutions and transposed convolutions, forward and both gradients, as <see cref="ConvolutionRoles"/> sees them; and the fully
/// connected layer with its gradients, pointwise convolutions for which cuBLASLt is asked first.
/// </summary>
internal sealed class CudaConvolution : CudaCall
{
    /// <summary>A fully connected layer is the pointwise convolution of images of one pixel.</summary>
    private static readonly ConvolutionGeometry Pointwise = ConvolutionGeometry.Square();

    private readonly CudaAlgorithm algorithm;
    private readonly ConvolutionRoles roles;
    private CudaBoundAlgorithm? bound;

    private CudaConvolution(CudaRun run, CudaAlgorithms algorithms, Op op, ConvolutionRoles roles)
        : base(run, op)
    {
        this.roles = roles;
        algorithm = algorithms.Get(Describe(run, op, roles), op);
    }

    public override long ScratchBytes => algorithm.WorkspaceBytes;

    public override string Implementation => algorithm.Description;

    public static PreparedCall? Prepare(CudaRun run, CudaAlgorithms algorithms, Op op) =>
        RolesOf(op) is { } roles ? new CudaConvolution(run, algorithms, op, roles) : null;

    /// <summary>What an op asks of the libraries; null where it is no convolution.</summary>
    public static ConvolutionProblem? ProblemOf(CudaRun run, Op op) =>
        RolesOf(op) is { } roles ? Describe(run, op, roles) : null;

    public override void Bind(IValueAddresses at)
    {
        bound?.Dispose();
        bound = null;
        nint weights = ReadsCopy(Shared, roles) ? at.CopyOf(roles.Weights) : at.Of(roles.Weights);
        bound = algorithm.Bind(Shared,
            [at.Of(roles.Source), weights, at.Of(roles.Destination), roles.Bias is null ? 0 : at.Of(roles.Bias)], at.Scratch, Label);
    }

    protected override void Enqueue() => bound!.Run();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            bound?.Dispose();
        base.Dispose(disposing);
    }

    private static ConvolutionRoles? RolesOf(Op op) => ConvolutionRoles.Of(op) ?? op switch
    {
        Linear l => new(ConvolutionDirection.Forward, Pointwise, l.X, l.Weights, l.Output) { Bias = l.Bias },
        LinearDataGradient d => new(ConvolutionDirection.Data, Pointwise, d.Output, d.Weights, d.Dy),
        LinearWeightGradient w => new(ConvolutionDirection.Weights, Pointwise, w.X, w.Output, w.Dy),
        _ => null,
    };

    /// <summary>
    /// Whether weights are read as their copy, as they are where activations are bf16: factors are of one type. The weights' gradient is
    /// what the plan says.
    /// </summary>
    private static bool ReadsCopy(CudaRun run, ConvolutionRoles roles) =>
        roles.Direction != ConvolutionDirection.Weights && run.Layouts.IsBf16(roles.Operand);

    private static ConvolutionProblem Describe(CudaRun run, Op op, ConvolutionRoles roles) => new(
        roles.Direction, TensorLayout.Of(run.Layouts, roles.Source),
        TensorLayout.Packed(ReadsCopy(run, roles) || run.Layouts.IsBf16(roles.Weights), roles.Weights.Shape),
        TensorLayout.Of(run.Layouts, roles.Destination),
        ConvolutionProblem.Symmetric(roles.Geometry, roles.Source.Shape, roles.Weights.Shape, roles.Destination.Shape))
    {
        HasBias = roles.Bias is not null,
        FusedRelu = roles.FusedRelu,
        Accumulates = roles.Accumulator is not null,
        PrefersProduct = op is Linear or LinearDataGradient or LinearWeightGradient,
    };
}
