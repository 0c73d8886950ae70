using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda.Driver;

/// <summary>A queue of work on a device. Its methods need the device entered.</summary>
internal sealed class CudaStream : CudaChild
{
    private CudaStream(CudaDevice device) => Device = device;

    private CudaStream(CudaDevice device, nint adopted) : base(adopted) => Device = device;

    /// <summary>The device it belongs to.</summary>
    public CudaDevice Device { get; }

    /// <summary>Creates a stream that does not wait for the legacy default one. The caller disposes it.</summary>
    /// <exception cref="BackendException">The driver failed.</exception>
    public static CudaStream Create(CudaDevice device)
    {
        CudaStream stream = new(device);
        try
        {
            using DeviceScope scope = device.Use();
            CudaStatus.ThrowIfFailed(CudaDriver.StreamCreate(out nint raw, CudaFlags.StreamNonBlocking), "cuStreamCreate");
            stream.Own(device, raw);
            return stream;
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Wraps a caller's stream of the device's context; it outlives this object and is not destroyed by it.</summary>
    /// <exception cref="ArgumentException">It is the legacy default stream, which cannot be captured and waits for every other.</exception>
    public static CudaStream Adopt(CudaDevice device, nint stream) => stream == 0
        ? throw new ArgumentException("A stream of its own is needed, not the default stream.", nameof(stream))
        : new CudaStream(device, stream);

    /// <summary>Waits until all work queued so far is done.</summary>
    /// <param name="layer">The op kind and layer at work, for the error's sentence.</param>
    /// <exception cref="BackendException">The work failed.</exception>
    public void Synchronize(string? layer = null) =>
        CudaStatus.ThrowIfFailed(CudaDriver.StreamSynchronize(Raw), "cuStreamSynchronize", layer);

    /// <summary>Whether all work queued so far is done.</summary>
    public bool IsIdle()
    {
        int result = CudaDriver.StreamQuery(Raw);
        if (result == (int)CudaResult.NotReady)
            return false;
        CudaStatus.ThrowIfFailed(result, "cuStreamQuery");
        return true;
    }

    /// <summary>Queues setting bytes of device memory to zero.</summary>
    /// <exception cref="BackendException">The driver refused, or earlier work failed.</exception>
    public void Clear(nint address, long bytes) => Fill(address, 0, bytes);

    /// <summary>Queues setting every byte of a piece of device memory to one value.</summary>
    /// <exception cref="BackendException">The driver refused, or earlier work failed.</exception>
    public void Fill(nint address, byte value, long bytes, string? layer = null) =>
        CudaStatus.ThrowIfFailed(CudaDriver.Fill8Async(address, value, (nuint)bytes, Raw), "cuMemsetD8Async", layer);

    /// <summary>Queues setting 32-bit words of device memory to one value.</summary>
    /// <exception cref="BackendException">The driver refused, or earlier work failed.</exception>
    public void FillWords(nint address, uint value, long count, string? layer = null) =>
        CudaStatus.ThrowIfFailed(CudaDriver.Fill32Async(address, value, (nuint)count, Raw), "cuMemsetD32Async", layer);

    /// <summary>Queues a copy from pinned host memory to the device.</summary>
    /// <exception cref="BackendException">The driver refused, or earlier work failed.</exception>
    public void CopyToDevice(nint address, nint pinned, long bytes, string? layer = null) =>
        CudaStatus.ThrowIfFailed(CudaDriver.CopyToDeviceAsync(address, pinned, (nuint)bytes, Raw), "cuMemcpyHtoDAsync_v2", layer);

    /// <summary>Queues a copy from the device to pinned host memory.</summary>
    /// <exception cref="BackendException">The driver refused, or earlier work failed.</exception>
    public void CopyToHost(nint pinned, nint address, long bytes) =>
        CudaStatus.ThrowIfFailed(CudaDriver.CopyToHostAsync(pinned, address, (nuint)bytes, Raw), "cuMemcpyDtoHAsync_v2");

    /// <summary>Queues a copy within the device.</summary>
    /// <exception cref="BackendException">The driver refused, or earlier work failed.</exception>
    public void CopyOnDevice(nint to, nint from, long bytes, string? layer = null) =>
        CudaStatus.ThrowIfFailed(CudaDriver.CopyOnDeviceAsync(to, from, (nuint)bytes, Raw), "cuMemcpyDtoDAsync_v2", layer);

    protected override int Destroy(nint raw) => CudaDriver.StreamDestroy(raw);
}
