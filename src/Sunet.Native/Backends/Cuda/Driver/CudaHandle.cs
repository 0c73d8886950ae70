using System.Runtime.InteropServices;
using Sunet.Native.Interop.Cuda;

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

/// <summary>A device's context: the primary one, retained until the last of its children is gone, or a caller's, never ended here.</summary>
internal sealed class CudaContext : CudaHandle
{
    private readonly int device;

    private CudaContext(int device, bool primary) : base(primary) => this.device = device;

    /// <summary>Retains a device's primary context. A thread that waits in it sleeps, unless somebody else set it up before.</summary>
    public static CudaContext Retain(int device)
    {
        CudaContext context = new(device, primary: true);
        CudaStatus.ThrowIfFailed(CudaDriver.PrimaryContextGetState(device, out _, out int active), "cuDevicePrimaryCtxGetState");
        if (active == 0)
        {
            CudaStatus.ThrowIfFailed(
                CudaDriver.PrimaryContextSetFlags(device, CudaFlags.ContextBlockingSync), "cuDevicePrimaryCtxSetFlags_v2");
        }

        CudaStatus.ThrowIfFailed(CudaDriver.PrimaryContextRetain(out nint raw, device), "cuDevicePrimaryCtxRetain");
        context.SetHandle(raw);
        return context;
    }

    /// <summary>Wraps a caller's context, which outlives this object.</summary>
    public static CudaContext Adopt(nint raw, int device)
    {
        CudaContext context = new(device, primary: false);
        context.SetHandle(raw);
        return context;
    }

    /// <summary>Makes the context current on this thread until the matching <see cref="Pop"/>.</summary>
    public void Push() => CudaStatus.ThrowIfFailed(CudaDriver.ContextPush(Raw), "cuCtxPushCurrent_v2");

    /// <summary>Makes what was current before current again.</summary>
    /// <exception cref="InvalidOperationException">Another context was current: pushes and pops of this thread do not pair.</exception>
    public void Pop()
    {
        CudaStatus.ThrowIfFailed(CudaDriver.ContextPop(out nint popped), "cuCtxPopCurrent_v2");
        if (popped != handle)
            throw new InvalidOperationException("The CUDA context to leave is not the one entered last on this thread.");
    }

    protected override bool ReleaseHandle() => Released(CudaDriver.PrimaryContextRelease(device));
}

/// <summary>A handle that lives in a device's context, which it keeps alive; disposing it and the device in any order is safe.</summary>
internal abstract class CudaChild : CudaHandle
{
    private CudaContext? context;
    private bool holdsContext;

    /// <summary>A child yet to be created.</summary>
    protected CudaChild()
    {
    }

    /// <summary>A caller's object, which is never destroyed here.</summary>
    protected CudaChild(nint adopted) : base(ownsHandle: false) => SetHandle(adopted);

    /// <summary>Takes possession of a native object that was just created.</summary>
    protected void Own(CudaDevice device, nint raw)
    {
        context = device.Context;
        SetHandle(raw);
        context.DangerousAddRef(ref holdsContext);
    }

    /// <summary>Destroys the native object, with the context current.</summary>
    protected abstract int Destroy(nint raw);

    protected override bool ReleaseHandle()
    {
        bool entered = CudaDriver.ContextPush(context!.Raw) == 0;
        bool released = Released(Destroy(handle));
        if (entered)
            released &= Released(CudaDriver.ContextPop(out _));
        if (holdsContext)
            context.DangerousRelease();
        return released;
    }
}
