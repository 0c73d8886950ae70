using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda.Driver;

/// <summary>A mark in a stream. Its methods need the device entered.</summary>
internal sealed class CudaEvent : CudaChild
{
    /// <summary>Creates an event on which waiting threads sleep. The caller disposes it.</summary>
    /// <param name="device">Where it is recorded.</param>
    /// <param name="timing">Whether it keeps the time, which costs a little.</param>
    /// <exception cref="BackendException">The driver failed.</exception>
    public static CudaEvent Create(CudaDevice device, bool timing = false)
    {
        CudaEvent created = new();
        try
        {
            using DeviceScope scope = device.Use();
            uint flags = CudaFlags.EventBlockingSync | (timing ? 0 : CudaFlags.EventDisableTiming);
            CudaStatus.ThrowIfFailed(CudaDriver.EventCreate(out nint raw, flags), "cuEventCreate");
            created.Own(device, raw);
            return created;
        }
        catch
        {
            created.Dispose();
            throw;
        }
    }

    /// <summary>Marks what is queued on a stream so far.</summary>
    public void Record(CudaStream stream) => CudaStatus.ThrowIfFailed(CudaDriver.EventRecord(Raw, stream.Raw), "cuEventRecord");

    /// <summary>Makes work queued on a stream from here on wait for the event; the calling thread does not wait.</summary>
    public void MakeWait(CudaStream stream) =>
        CudaStatus.ThrowIfFailed(CudaDriver.StreamWaitEvent(stream.Raw, Raw, 0), "cuStreamWaitEvent");

    /// <summary>Waits until what the last <see cref="Record"/> marked is done.</summary>
    public void Synchronize() => CudaStatus.ThrowIfFailed(CudaDriver.EventSynchronize(Raw), "cuEventSynchronize");

    /// <summary>Whether what the last <see cref="Record"/> marked is done.</summary>
    public bool IsDone()
    {
        int result = CudaDriver.EventQuery(Raw);
        if (result == (int)CudaResult.NotReady)
            return false;
        CudaStatus.ThrowIfFailed(result, "cuEventQuery");
        return true;
    }

    /// <summary>The device's time between two events that keep the time and are done.</summary>
    public float MillisecondsSince(CudaEvent earlier)
    {
        CudaStatus.ThrowIfFailed(CudaDriver.EventElapsedTime(out float milliseconds, earlier.Raw, Raw), "cuEventElapsedTime");
        return milliseconds;
    }

    protected override int Destroy(nint raw) => CudaDriver.EventDestroy(raw);
}
