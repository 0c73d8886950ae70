using Sunet.Native.Backends.Cuda.Driver;

namespace Sunet.Native.Backends.Cuda;

/// <summary>One GPU as the driver describes it.</summary>
/// <param name="Ordinal">Its number among the devices the driver offers.</param>
/// <param name="Name">The product's name, such as <c>NVIDIA H200</c>.</param>
/// <param name="ComputeCapability">The generation of its instructions, such as 9.0.</param>
/// <param name="TotalBytes">The memory it has.</param>
/// <param name="Multiprocessors">The number of multiprocessors, which thread blocks are distributed over.</param>
internal sealed record CudaDeviceInfo(int Ordinal, string Name, Version ComputeCapability, long TotalBytes, int Multiprocessors)
{
    /// <summary>Whether it can run the CUDA backend.</summary>
    public bool IsSupported => ComputeCapability.Major >= CudaDevice.OldestMajor;
}
