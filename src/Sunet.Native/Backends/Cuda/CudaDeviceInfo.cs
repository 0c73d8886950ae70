using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda;

/// <summary>One GPU as the driver describes it.</summary>
/// <param name="Ordinal">Its number among the devices the driver offers.</param>
/// <param name="Name">Such as <c>NVIDIA H200</c>.</param>
/// <param name="ComputeCapability">Such as 9.0.</param>
/// <param name="TotalBytes">The memory it has.</param>
/// <param name="Multiprocessors">What thread blocks are distributed over.</param>
public sealed record CudaDeviceInfo(int Ordinal, string Name, Version ComputeCapability, long TotalBytes, int Multiprocessors)
{
    /// <summary>Whether it can run the CUDA backend.</summary>
    public bool IsSupported => ComputeCapability.Major >= CudaDevice.OldestMajor;
}
