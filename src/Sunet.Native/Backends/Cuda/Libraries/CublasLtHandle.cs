using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda.Libraries;

/// <summary>cuBLASLt on one device; may be shared by threads.</summary>
internal sealed class CublasLtHandle : CudaChild
{
    /// <summary>Creates a handle. The caller disposes it.</summary>
    /// <exception cref="BackendException">cuBLASLt is missing, too old, or failed.</exception>
    public static CublasLtHandle Create(CudaDevice device)
    {
        CudaLibraries.EnsureCublasLt();
        CublasLtHandle cublas = new();
        try
        {
            using DeviceScope scope = device.Use();
            CublasStatus.ThrowIfFailed(CublasLt.Create(out nint raw), "cublasLtCreate");
            cublas.Own(device, raw);
            return cublas;
        }
        catch
        {
            cublas.Dispose();
            throw;
        }
    }

    protected override int Destroy(nint raw) => CublasLt.Destroy(raw);
}
