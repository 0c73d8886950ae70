using Sunet.Native.Backends.Cuda.Kernels;
using Sunet.Native.Backends.Cuda.Running;
using Sunet.Native.Graphs;

namespace Sunet.Native.Backends.Cuda.Ops;

/// <summary>A call of one or several kernels of our own.</summary>
/// <param name="run">What the calls of the graph share.</param>
/// <param name="op">For names.</param>
/// <param name="scratchBytes">Scratch memory the kernels pass things through.</param>
/// <param name="implementation">What to call it.</param>
/// <param name="bind">Makes the launches, once addresses are known.</param>
internal sealed class CudaKernelCall(
    CudaRun run, Op op, long scratchBytes, string implementation, Func<IValueAddresses, KernelLaunch[]> bind)
    : CudaCall(run, op)
{
    private KernelLaunch[] launches = [];

    public override long ScratchBytes => scratchBytes;

    public override string Implementation => implementation;

    public override void Bind(IValueAddresses at) => launches = bind(at);

    protected override void Enqueue()
    {
        foreach (KernelLaunch launch in launches)
            launch.Run(Shared.Stream.Raw, Label);
    }
}
