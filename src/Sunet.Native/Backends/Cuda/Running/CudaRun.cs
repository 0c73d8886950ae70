using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Backends.Cuda.Kernels;
using Sunet.Native.Backends.Cuda.Layout;
using Sunet.Native.Backends.Cuda.Libraries;
using Sunet.Native.Backends.Cuda.Memory;

namespace Sunet.Native.Backends.Cuda.Running;

/// <summary>
/// What the calls of one graph share: where their work is queued, what it is made of, and how values lie. It owns none of it; the session
/// that made it says when it is over.
/// </summary>
internal sealed class CudaRun
{
    private bool closed;

    /// <summary>How calls and their algorithms are chosen.</summary>
    public required CudaSettings Settings { get; init; }

    /// <summary>Where calls go.</summary>
    public required CudaStream Stream { get; init; }

    /// <summary>Device memory beside that of the plan.</summary>
    public required DevicePool Pool { get; init; }

    /// <summary>The kernels of our own.</summary>
    public required CudaKernels Kernels { get; init; }

    /// <summary>cuDNN and cuBLASLt, which nobody else uses meanwhile.</summary>
    public required CudaLibraryHandles Libraries { get; init; }

    /// <summary>How values lie.</summary>
    public required CudaFormats Layouts { get; init; }

    /// <summary>The address of an int32 on the device: updates happen only while it is 0.</summary>
    public required nint Guard { get; init; }

    /// <summary>The device of all this.</summary>
    public CudaDevice Device => Stream.Device;

    /// <summary>Makes the device current on this thread until the result is disposed.</summary>
    /// <exception cref="ObjectDisposedException">The session is disposed.</exception>
    public DeviceScope Use()
    {
        ThrowIfDisposed();
        return Device.Use();
    }

    /// <summary>Refuses calls that would go to a stream that is gone.</summary>
    /// <exception cref="ObjectDisposedException">The session is disposed.</exception>
    public void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(Volatile.Read(ref closed), this);

    /// <summary>Refuses what comes later.</summary>
    /// <returns>Whether this call was the first.</returns>
    public bool Close() => !Interlocked.Exchange(ref closed, true);
}
