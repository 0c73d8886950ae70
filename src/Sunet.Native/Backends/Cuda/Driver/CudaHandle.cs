using System.Runtime.InteropServices;

namespace Sunet.Native.Backends.Cuda.Driver;

/// <summary>
/// What every handle of a CUDA library has in common: zero is none, and only Dispose releases it. Its finalizer counts a leak and leaves
/// the object to the end of the process.
/// </summary>
internal abstract class CudaHandle : SafeHandle
{
    private readonly bool owned;

    protected CudaHandle(bool ownsHandle = true) : base(0, ownsHandle) => owned = ownsHandle;

    public override bool IsInvalid => handle == 0;

    /// <summary>The raw handle for calls made in every step; the caller keeps this object alive and undisposed meanwhile.</summary>
    /// <exception cref="ObjectDisposedException">It is disposed already.</exception>
    public nint Raw
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsClosed, this);
            return handle;
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            base.Dispose(true);
            return;
        }

        if (!IsInvalid && !IsClosed && owned)
            CudaLeaks.CountFinalized();
        SetHandleAsInvalid();
    }

    /// <summary>Says whether a release succeeded, and counts it if not.</summary>
    protected static bool Released(int result)
    {
        if (result != 0)
            CudaLeaks.CountRefused();
        return result == 0;
    }
}
