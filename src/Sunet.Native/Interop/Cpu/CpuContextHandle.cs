using System.Runtime.InteropServices;

namespace Sunet.Native.Interop.Cpu;

/// <summary>A oneDNN engine and stream with a thread count; used by one thread at a time.</summary>
internal sealed class CpuContextHandle : CpuHandle
{
    /// <summary>The threads its primitives and kernels run on.</summary>
    public int Threads => SunetCpu.ContextThreads(this);

    /// <summary>Creates a context; the caller disposes it.</summary>
    /// <exception cref="ArgumentException"><paramref name="threads"/> is below 1.</exception>
    /// <exception cref="BackendException">The library is missing or failed.</exception>
    public static unsafe CpuContextHandle Create(int threads)
    {
        CpuLibrary.EnsureLoaded();
        byte* text = stackalloc byte[NativeMessage.Size];
        NativeMessage message = new(text, NativeMessage.Size);
        int status = SunetCpu.ContextCreate(threads, out CpuContextHandle context, ref message);
        NativeStatus.ThrowIfFailed(status, message, CpuLibrary.File);
        return context;
    }

    protected override bool ReleaseHandle()
    {
        SunetCpu.ContextDestroy(handle);
        return true;
    }
}
