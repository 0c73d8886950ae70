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
            using CudaDevice.Scope scope = device.Use();
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

    /// <summary>Lets work queued from here on wait for an event; the calling thread does not wait.</summary>
    public void Wait(CudaEvent awaited) =>
        CudaStatus.ThrowIfFailed(CudaDriver.StreamWaitEvent(Raw, awaited.Raw, 0), "cuStreamWaitEvent");

    /// <summary>Whether all work queued so far is done.</summary>
    public bool IsIdle()
    {
        int result = CudaDriver.StreamQuery(Raw);
        if (result == (int)CudaResult.NotReady)
            return false;
        CudaStatus.ThrowIfFailed(result, "cuStreamQuery");
        return true;
    }

    protected override int Destroy(nint raw) => CudaDriver.StreamDestroy(raw);
}
