using Sunet.Native.Backends.Cuda.Driver;

namespace Sunet.Native.Backends.Cuda.Memory;

/// <summary>Zeroed device memory that the work of one stream uses. The device is current while it is made.</summary>
internal sealed class CudaMemory : IDeviceMemory
{
    private readonly DevicePool pool;
    private readonly CudaStream stream;
    private readonly DeviceBlock block;
    private bool freed;

    /// <exception cref="MemoryException">There is not enough.</exception>
    /// <exception cref="BackendException">The driver failed.</exception>
    public CudaMemory(DevicePool pool, CudaStream stream, long bytes)
    {
        this.pool = pool;
        this.stream = stream;
        block = pool.Allocate(bytes, stream);
        Bytes = bytes;
        try
        {
            stream.Clear(block.Address, bytes);
        }
        catch
        {
            pool.Free(block, stream);
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
        pool.Free(block, stream);
    }
}
