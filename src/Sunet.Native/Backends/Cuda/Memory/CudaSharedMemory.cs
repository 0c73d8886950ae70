using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda.Memory;

/// <summary>Zeroed device memory that no session owns. It belongs to a stream of its own, on which nothing is queued once it is made.</summary>
internal sealed class CudaSharedMemory : IDeviceMemory
{
    private readonly CudaDevice device;
    private readonly CudaStream stream;
    private readonly DeviceBlock block;
    private bool freed;

    public CudaSharedMemory(CudaDevice device, long bytes)
    {
        this.device = device;
        Bytes = bytes;
        using CudaDevice.Scope current = device.Use();
        stream = CudaStream.Create(device);
        DeviceBlock? taken = null;
        try
        {
            taken = device.Pool.Allocate(bytes, stream);
            CudaStatus.ThrowIfFailed(CudaDriver.Fill8Async(taken.Address, 0, (nuint)bytes, stream.Raw), "cuMemsetD8Async");
            stream.Synchronize();
            block = taken;
        }
        catch
        {
            if (taken is not null)
                device.Pool.Free(taken, stream);
            stream.Dispose();
            throw;
        }
    }

    public nint Address
    {
        get
        {
            ObjectDisposedException.ThrowIf(freed, this);
            return block.Address;
        }
    }

    public long Bytes { get; }

    public void Dispose()
    {
        if (freed)
            return;
        freed = true;
        using CudaDevice.Scope current = device.Use();
        device.Pool.Free(block, stream);
        stream.Dispose();
    }
}
