using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda.Driver;

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
