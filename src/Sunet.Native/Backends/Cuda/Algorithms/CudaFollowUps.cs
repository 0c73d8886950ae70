using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Backends.Cuda.Kernels;
using Sunet.Native.Backends.Cuda.Layout;

namespace Sunet.Native.Backends.Cuda.Algorithms;

/// <summary>A kernel of ours as part of an algorithm.</summary>
internal sealed class CudaLaunch(KernelLaunch launch, CudaStream stream, string layer) : CudaBoundAlgorithm
{
    public override void Run() => launch.Run(stream.Raw, layer);

    public override void Dispose()
    {
    }
}

/// <summary>Parts of an algorithm, one after the other; it owns them.</summary>
internal sealed class CudaSequence(params CudaBoundAlgorithm[] parts) : CudaBoundAlgorithm
{
    public override void Run()
    {
        foreach (CudaBoundAlgorithm part in parts)
            part.Run();
    }

    public override void Dispose()
    {
        foreach (CudaBoundAlgorithm part in parts)
            part.Dispose();
    }
}

/// <summary>Adds a bias to a convolution's result, clamps it at zero, or both, in place.</summary>
internal sealed class CudaBiasRelu(CudaAlgorithm inner, ConvolutionProblem problem) : CudaAlgorithm
{
    public override long WorkspaceBytes => inner.WorkspaceBytes;

    public override string Description => $"{inner.Description} + {(problem.HasBias ? "bias_relu" : "relu")}";

    public override CudaBoundAlgorithm Bind(CudaSession session, ReadOnlySpan<nint> operands, nint workspace, string layer)
    {
        KernelLaunch launch = Launch(session.Device, operands[problem.ResultOperand], operands[ConvolutionProblem.OperandBias]);
        return new CudaSequence(inner.Bind(session, operands, workspace, layer), new CudaLaunch(launch, session.Stream, layer));
    }

    public override void Dispose() => inner.Dispose();

    private KernelLaunch Launch(CudaDevice device, nint address, nint bias)
    {
        var y = new CudaActivation(problem.Result.Pixels, problem.Result.C, problem.Result.PixelStride, problem.Result.IsBf16);
        return problem.HasBias
            ? new KernelLaunch(device.Kernels.Get("bias_relu" + y.Suffix), CudaGrid.Channels(device, y), CudaGrid.Block, address, y.Stride,
                bias, problem.FusedRelu ? 1 : 0, y.Pixels, y.Channels)
            : new KernelLaunch(device.Kernels.Get("relu" + y.Suffix), CudaGrid.Elements(device, y.Pixels * y.Channels, y.Lanes),
                CudaGrid.Block, address, y.Stride, address, y.Stride, y.Pixels, y.Channels);
    }
}

/// <summary>Lets an algorithm write bf16 to scratch memory and makes the operand float32 from that.</summary>
internal sealed class CudaWidened(CudaAlgorithm inner, TensorLayout narrow, int operand) : CudaAlgorithm
{
    public override long WorkspaceBytes => ScratchOffset + narrow.Bytes;

    public override string Description => inner.Description + " + widen";

    /// <summary>The inner algorithm's own workspace comes first.</summary>
    private long ScratchOffset => TensorLayout.Aligned(inner.WorkspaceBytes);

    public override CudaBoundAlgorithm Bind(CudaSession session, ReadOnlySpan<nint> operands, nint workspace, string layer)
    {
        nint scratch = workspace + (nint)ScratchOffset;
        nint[] redirected = operands.ToArray();
        redirected[operand] = scratch;

        KernelLaunch launch = CudaTransfer.FromBf16(session, narrow.Pixels * narrow.C, scratch, operands[operand]);
        return new CudaSequence(inner.Bind(session, redirected, workspace, layer), new CudaLaunch(launch, session.Stream, layer));
    }

    public override void Dispose() => inner.Dispose();
}
