using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda.Libraries;

/// <summary>cuDNN on one device; used by one thread at a time.</summary>
internal sealed class CudnnHandle : CudaChild
{
    /// <summary>Creates a handle. The caller disposes it after all plans made with it.</summary>
    /// <exception cref="BackendException">cuDNN is missing, too old, or failed.</exception>
    public static CudnnHandle Create(CudaDevice device)
    {
        CudaLibraries.EnsureCudnn();
        CudnnHandle cudnn = new();
        try
        {
            using DeviceScope scope = device.Use();
            CudnnStatus.ThrowIfFailed(Cudnn.Create(out nint raw), "cudnnCreate");
            cudnn.Own(device, raw);
            return cudnn;
        }
        catch
        {
            cudnn.Dispose();
            throw;
        }
    }

    /// <summary>Says on which stream everything executed from here on runs. Needs the device entered.</summary>
    public void SetStream(nint stream) => CudnnStatus.ThrowIfFailed(Cudnn.SetStream(handle, stream), "cudnnSetStream");

    protected override int Destroy(nint raw) => Cudnn.Destroy(raw);
}
