using Sunet.Native.Backends.Cuda.Driver;

namespace Sunet.Native.Backends.Cuda.Memory;

/// <summary>
/// Zeroed device memory that no session owns. It belongs to a stream of its own, on which nothing is queued once it is made.
/// </summary>
internal sealed class CudaSharedMemory : IDeviceMemory
{
    private readonly CudaStream stream;
    private readonly CudaMemory memory;
    private bool freed;

    /// <exception cref="MemoryException">There is not enough.</exception>
    /// <exception cref="BackendException">The driver failed.</exception>
    public CudaSharedMemory(CudaDevice device, DevicePool pool, long bytes)
    {
        using DeviceScope current = device.Use();
        stream = CudaStream.Create(device);
        try
        {
            memory = new CudaMemory(pool, stream, bytes);
            stream.Synchronize();
        }
        catch
        {
            memory?.Dispose();
            stream.Dispose();
            throw;
        }
    }

    public nint Address => memory.Address;

    public long Bytes => memory.Bytes;

    public void Dispose()
    {
        if (freed)
            return;
        freed = true;
        using DeviceScope current = stream.Device.Use();
        memory.Dispose();
        stream.Dispose();
    }
}
