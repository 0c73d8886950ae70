namespace Sunet.Native.Backends.Cuda;

/// <summary>An algorithm and a kernel of ours that works on its result.</summary>
internal abstract class CudaFollowUp(CudaAlgorithm inner, CudaAlgorithms algorithms) : CudaAlgorithm
{
    public override long WorkspaceBytes => inner.WorkspaceBytes;

    protected CudaAlgorithm Inner => inner;

    protected CudaAlgorithms Algorithms => algorithms;

    public override CudaBoundCall Bind(ReadOnlySpan<nint> operands, nint workspace, string layer) =>
        new Call(inner.Bind(operands, workspace, layer), Launch(operands), algorithms.Stream, layer);

    public override void Dispose() => inner.Dispose();

    /// <summary>The kernel with its arguments.</summary>
    protected abstract KernelLaunch Launch(ReadOnlySpan<nint> operands);

    protected sealed class Call(CudaBoundCall inner, KernelLaunch launch, CudaStream stream, string layer) : CudaBoundCall
    {
        public override void Run()
        {
            inner.Run();
            launch.Run(stream.Raw, layer);
        }

        public override void Dispose() => inner.Dispose();
    }
}

/// <summary>Adds a bias to a convolution's result, clamps it at zero, or both, in place.</summary>
internal sealed class CudaBiasRelu(CudaAlgorithm inner, CudaAlgorithms algorithms, ConvolutionProblem problem) : CudaFollowUp(inner, algorithms)
{
    private const int Block = 256;

    /// <summary>Enough blocks to fill the device; each of them goes on to the next pixels.</summary>
    private const int BlocksPerMultiprocessor = 16;

    public override string Description => $"{Inner.Description} + {(problem.HasBias ? "bias_relu" : "relu")}";

    protected override KernelLaunch Launch(ReadOnlySpan<nint> operands)
    {
        TensorLayout y = problem.Result;
        nint address = operands[problem.ResultOperand];
        string suffix = y.IsBf16 ? "_bf16" : "_f32";
        long blocks = ((y.Pixels * y.C) + Block - 1) / Block;
        int width = (int)Math.Min(blocks, (long)BlocksPerMultiprocessor * Algorithms.Device.Multiprocessors);
        return problem.HasBias
            ? new KernelLaunch(Algorithms.Device.Kernels.Get("bias_relu" + suffix), (width, (y.C + Block - 1) / Block, 1), Block, address,
                y.PixelStride, operands[ConvolutionProblem.OperandBias], problem.FusedRelu ? 1 : 0, y.Pixels, y.C)
            : new KernelLaunch(Algorithms.Device.Kernels.Get("relu" + suffix), (width, 1, 1), Block, address, y.PixelStride, address,
                y.PixelStride, y.Pixels, y.C);
    }
}

/// <summary>Lets an algorithm write bf16 to scratch memory and makes the operand float32 from that.</summary>
internal sealed class CudaWidened(CudaAlgorithm inner, CudaAlgorithms algorithms, TensorLayout narrow, int operand)
    : CudaFollowUp(inner, algorithms)
{
    private const int Block = 256, ChannelsPerBlock = 32;

    public override long WorkspaceBytes => ScratchOffset + narrow.Bytes;

    public override string Description => Inner.Description + " + widen";

    /// <summary>The inner algorithm's own workspace comes first.</summary>
    private long ScratchOffset => (Inner.WorkspaceBytes + TensorLayout.FullAlignment - 1) / TensorLayout.FullAlignment * TensorLayout.FullAlignment;

    public override CudaBoundCall Bind(ReadOnlySpan<nint> operands, nint workspace, string layer)
    {
        nint scratch = workspace + (nint)ScratchOffset;
        nint[] redirected = operands.ToArray();
        redirected[operand] = scratch;

        // Without pixels the kernel that brings images out to row-major float32 changes nothing but the type.
        int channels = checked(narrow.C * narrow.H * narrow.W);
        var launch = new KernelLaunch(Algorithms.Device.Kernels.Get("nhwc_to_nchw_bf16"),
            (1, (channels + ChannelsPerBlock - 1) / ChannelsPerBlock, narrow.N), Block, scratch, channels, operands[operand], narrow.N,
            channels, 1L);
        return new Call(Inner.Bind(redirected, workspace, layer), launch, Algorithms.Stream, layer);
    }
}
