using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda.Driver;

/// <summary>
/// Page-locked host memory, from and to which copies run without the processor. Dispose it only when no queued copy uses it.
/// </summary>
internal sealed unsafe class PinnedBuffer : CudaChild
{
    private PinnedBuffer(long bytes) => Bytes = bytes;

    /// <summary>The first byte.</summary>
    public nint Address => Raw;

    /// <summary>The bytes that were asked for.</summary>
    public long Bytes { get; }

    /// <summary>All of it, where that is no more than a span can be.</summary>
    public Span<byte> Span => new((void*)Raw, checked((int)Bytes));

    /// <summary>Allocates; the caller disposes it.</summary>
    /// <exception cref="MemoryException">The host cannot lock that much.</exception>
    /// <exception cref="BackendException">The driver failed.</exception>
    public static PinnedBuffer Create(CudaDevice device, long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes);
        PinnedBuffer buffer = new(bytes);
        try
        {
            using DeviceScope scope = device.Use();
            int result = CudaDriver.HostAllocate(out nint address, (nuint)bytes, CudaFlags.HostPortable);
            CudaStatus.ThrowIfFailed(result, "cuMemHostAlloc", bytes: bytes);
            buffer.Own(device, address);
            return buffer;
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
    }

    protected override int Destroy(nint raw) => CudaDriver.HostFree(raw);
}
