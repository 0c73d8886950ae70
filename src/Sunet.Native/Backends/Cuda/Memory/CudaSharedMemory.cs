using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda.Memory;

/// <summary>
/// Zeroed device memory that no session owns. It belongs to a stream of its own, on which nothing is queued once it is made.
/// </summary>
internal sealed class CudaSharedMemory : IDeviceMemory
{
    private readonly CudaDevice device;
    private readonly DevicePool pool;
    private readonly CudaStream stream;
    private readonly DeviceBlock block;
    private bool freed;

    /// <exception cref="MemoryException">There is not enough.</exception>
    /// <exception cref="BackendException">The driver failed.</exception>
    public CudaSharedMemory(CudaDevice device, DevicePool pool, long bytes)
    {
        this.device = device;
        this.pool = pool;
        Bytes = bytes;
        using DeviceScope current = device.Use();
        stream = CudaStream.Create(device);
        DeviceBlock? taken = null;
        try
        {
            taken = pool.Allocate(bytes, stream);
            stream.Clear(taken.Address, bytes);
            stream.Synchronize();
            block = taken;
        }
        catch
        {
            if (taken is not null)
                pool.Free(taken, stream);
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
        using DeviceScope current = device.Use();
        pool.Free(block, stream);
        stream.Dispose();
    }
}
