using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Backends.Cuda.Kernels;

namespace Sunet.Native.Backends.Cuda.Algorithms;

/// <summary>A kernel of ours as part of an algorithm.</summary>
internal sealed class BoundLaunch(KernelLaunch launch, CudaStream stream, string layer) : CudaBoundAlgorithm
{
    public override void Run() => launch.Run(stream.Raw, layer);

    public override void Dispose()
    {
    }
}
