namespace Sunet.Native.Backends.Cuda;

/// <summary>An algorithm and a kernel of ours behind it.</summary>
internal sealed class CudaFollowedCall(CudaBoundAlgorithm inner, KernelLaunch launch, CudaStream stream, string layer) : CudaBoundAlgorithm
{
    public override void Run()
    {
        inner.Run();
        launch.Run(stream.Raw, layer);
    }

    public override void Dispose() => inner.Dispose();
}

/// <summary>Adds a bias to a convolution's result, clamps it at zero, or both, in place.</summary>
internal sealed class CudaBiasRelu(CudaAlgorithm inner, ConvolutionProblem problem) : CudaAlgorithm
{
    private const int Block = 256;

    /// <summary>Enough blocks to fill the device; each of them goes on to further pixels.</summary>
    private const int BlocksPerMultiprocessor = 16;

    public override long WorkspaceBytes => inner.WorkspaceBytes;

    public override string Description => $"{inner.Description} + {(problem.HasBias ? "bias_relu" : "relu")}";

    public override CudaBoundAlgorithm Bind(CudaSession session, ReadOnlySpan<nint> operands, nint workspace, string layer)
    {
        KernelLaunch launch = Launch(session.Device, operands[problem.ResultOperand], operands[ConvolutionProblem.OperandBias]);
        return new CudaFollowedCall(inner.Bind(session, operands, workspace, layer), launch, session.Stream, layer);
    }

    public override void Dispose() => inner.Dispose();

    private KernelLaunch Launch(CudaDevice device, nint address, nint bias)
    {
        TensorLayout y = problem.Result;
        string suffix = y.IsBf16 ? "_bf16" : "_f32";
        long blocks = ((y.Pixels * y.C) + Block - 1) / Block;
        int width = (int)Math.Min(blocks, (long)BlocksPerMultiprocessor * device.Multiprocessors);
        return problem.HasBias
            ? new KernelLaunch(device.Kernels.Get("bias_relu" + suffix), (width, (y.C + Block - 1) / Block, 1), Block, address,
                y.PixelStride, bias, problem.FusedRelu ? 1 : 0, y.Pixels, y.C)
            : new KernelLaunch(device.Kernels.Get("relu" + suffix), (width, 1, 1), Block, address, y.PixelStride, address,
                y.PixelStride, y.Pixels, y.C);
    }
}

/// <summary>Lets an algorithm write bf16 to scratch memory and makes the operand float32 from that.</summary>
internal sealed class CudaWidened(CudaAlgorithm inner, TensorLayout narrow, int operand) : CudaAlgorithm
{
    private const int Block = 256, ChannelsPerBlock = 32;

    public override long WorkspaceBytes => ScratchOffset + narrow.Bytes;

    public override string Description => inner.Description + " + widen";

    /// <summary>The inner algorithm's own workspace comes first.</summary>
    private long ScratchOffset => (inner.WorkspaceBytes + TensorLayout.Alignment - 1) / TensorLayout.Alignment * TensorLayout.Alignment;

    public override CudaBoundAlgorithm Bind(CudaSession session, ReadOnlySpan<nint> operands, nint workspace, string layer)
    {
        nint scratch = workspace + (nint)ScratchOffset;
        nint[] redirected = operands.ToArray();
        redirected[operand] = scratch;

        // With one pixel the kernel that brings images out to row-major float32 changes nothing but the type.
        int channels = checked(narrow.C * narrow.H * narrow.W);
        var launch = new KernelLaunch(session.Device.Kernels.Get("nhwc_to_nchw_bf16"),
            (1, (channels + ChannelsPerBlock - 1) / ChannelsPerBlock, narrow.N), Block, scratch, channels, operands[operand], narrow.N,
            channels, 1L);
        return new CudaFollowedCall(inner.Bind(session, redirected, workspace, layer), launch, session.Stream, layer);
    }

    public override void Dispose() => inner.Dispose();
}
