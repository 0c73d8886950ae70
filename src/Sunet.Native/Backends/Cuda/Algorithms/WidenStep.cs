using Sunet.Native.Backends.Cuda.Kernels;
using Sunet.Native.Backends.Cuda.Layout;
using Sunet.Native.Backends.Cuda.Running;

namespace Sunet.Native.Backends.Cuda.Algorithms;

/// <summary>Lets an algorithm write bf16 to scratch memory and makes the operand float32 from that.</summary>
internal sealed class WidenStep(CudaAlgorithm inner, TensorLayout narrow, int operand) : CudaAlgorithm
{
    public override long WorkspaceBytes => ScratchOffset + narrow.Bytes;

    public override string Description => inner.Description + " + widen";

    /// <summary>The inner algorithm's own workspace comes first.</summary>
    private long ScratchOffset => TensorLayout.Aligned(inner.WorkspaceBytes);

    public override CudaBoundAlgorithm Bind(CudaRun run, ReadOnlySpan<nint> operands, nint workspace, string layer)
    {
        nint scratch = workspace + (nint)ScratchOffset;
        nint[] redirected = operands.ToArray();
        redirected[operand] = scratch;

        KernelLaunch launch = LayoutLaunches.FromBf16(run.Kernels, narrow.Pixels * narrow.C, scratch, operands[operand]);
        return new AlgorithmSequence(inner.Bind(run, redirected, workspace, layer), new BoundLaunch(launch, run.Stream, layer));
    }

    public override void Dispose() => inner.Dispose();
}
