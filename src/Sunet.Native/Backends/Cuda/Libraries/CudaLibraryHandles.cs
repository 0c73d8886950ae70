using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda.Libraries;

/// <summary>The handles of cuDNN and cuBLASLt that one session uses.</summary>
internal sealed record CudaLibraryHandles(CudnnHandle Cudnn, CublasLtHandle CublasLt) : IDisposable
{
    public static CudaLibraryHandles Create(CudaDevice device)
    {
        CudnnHandle cudnn = CudnnHandle.Create(device);
        try
        {
            return new CudaLibraryHandles(cudnn, CublasLtHandle.Create(device));
        }
        catch
        {
            cudnn.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Cudnn.Dispose();
        CublasLt.Dispose();
    }
}
