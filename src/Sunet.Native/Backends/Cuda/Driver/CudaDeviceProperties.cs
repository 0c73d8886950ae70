using System.Runtime.InteropServices;
using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda.Driver;

/// <summary>What the driver says of a device, without a context on it.</summary>
/// <param name="Name">The product's name, such as <c>NVIDIA H200</c>.</param>
/// <param name="ComputeCapability">The generation of its instructions, such as 9.0.</param>
/// <param name="TotalBytes">The memory it has.</param>
/// <param name="Multiprocessors">The number of multiprocessors, which thread blocks are distributed over.</param>
internal sealed unsafe record CudaDeviceProperties(
    string Name, (int Major, int Minor) ComputeCapability, long TotalBytes, int Multiprocessors)
{
    private const int NameBytes = 256;

    /// <summary>Asks the driver.</summary>
    /// <param name="device">The driver's handle of the device.</param>
    /// <exception cref="BackendException">The driver failed.</exception>
    public static CudaDeviceProperties Of(int device)
    {
        byte* name = stackalloc byte[NameBytes];
        CudaStatus.ThrowIfFailed(CudaDriver.DeviceGetName(name, NameBytes, device), "cuDeviceGetName");
        CudaStatus.ThrowIfFailed(CudaDriver.DeviceTotalMemory(out nuint bytes, device), "cuDeviceTotalMem_v2");
        return new CudaDeviceProperties(
            Marshal.PtrToStringUTF8((nint)name) ?? "",
            (Attribute(device, CudaDeviceAttribute.ComputeCapabilityMajor), Attribute(device, CudaDeviceAttribute.ComputeCapabilityMinor)),
            (long)bytes,
            Attribute(device, CudaDeviceAttribute.MultiprocessorCount));
    }

    private static int Attribute(int device, CudaDeviceAttribute attribute)
    {
        CudaStatus.ThrowIfFailed(CudaDriver.DeviceGetAttribute(out int value, attribute, device), "cuDeviceGetAttribute");
        return value;
    }
}
