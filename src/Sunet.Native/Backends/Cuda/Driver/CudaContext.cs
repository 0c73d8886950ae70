using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda.Driver;

/// <summary>
/// A device's context: the primary one, retained until the last of its children is gone, or a caller's, never ended here.
/// </summary>
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
