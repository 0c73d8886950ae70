using System.Runtime.InteropServices;

namespace Sunet.Native.Interop.Cpu;

/// <summary>
/// What every handle of <c>libsunet_cpu</c> has in common: zero is none. These are host objects, so a finalizer may free them.
/// </summary>
internal abstract class CpuHandle() : SafeHandle(0, ownsHandle: true)
{
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
}
