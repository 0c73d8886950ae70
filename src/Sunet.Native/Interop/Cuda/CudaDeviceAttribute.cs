namespace Sunet.Native.Interop.Cuda;

/// <summary>The values of <c>CUdevice_attribute</c> that we ask for.</summary>
internal enum CudaDeviceAttribute
{
    MultiprocessorCount = 16,
    ComputeCapabilityMajor = 75,
    ComputeCapabilityMinor = 76,
}
