using Sunet.Native.Backends.Cuda.Kernels;
using Sunet.Native.Backends.Cuda.Running;

namespace Sunet.Native.Backends.Cuda.Algorithms;

/// <summary>Adds a bias to a convolution's result, clamps it at zero, or both, in place.</summary>
internal sealed class BiasReluStep(CudaAlgorithm inner, ConvolutionProblem problem) : CudaAlgorithm
{
    public override long WorkspaceBytes => inner.WorkspaceBytes;

    public override string Description => $"{inner.Description} + {(problem.HasBias ? "bias_relu" : "relu")}";

    public override CudaBoundAlgorithm Bind(CudaRun run, ReadOnlySpan<nint> operands, nint workspace, string layer)
    {
        KernelLaunch launch = Launch(run.Kernels, operands[problem.ResultOperand], operands[ConvolutionProblem.OperandBias]);
        return new AlgorithmSequence(inner.Bind(run, operands, workspace, layer), new BoundLaunch(launch, run.Stream, layer));
    }

    public override void Dispose() => inner.Dispose();

    private KernelLaunch Launch(CudaKernels kernels, nint address, nint bias)
    {
        var y = new CudaActivation(problem.Result.Pixels, problem.Result.C, problem.Result.PixelStride, problem.Result.IsBf16);
        return problem.HasBias
            ? new KernelLaunch(kernels.Get("bias_relu" + y.Suffix), CudaGrid.Channels(kernels.Device, y), CudaGrid.Block, address, y.Stride,
                bias, problem.FusedRelu ? 1 : 0, y.Pixels, y.Channels)
            : new KernelLaunch(kernels.Get("relu" + y.Suffix), CudaGrid.Elements(kernels.Device, y.Pixels * y.Channels, y.Lanes),
                CudaGrid.Block, address, y.Stride, address, y.Stride, y.Pixels, y.Channels);
    }
}
