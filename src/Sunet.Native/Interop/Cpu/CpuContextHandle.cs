using System.Runtime.InteropServices;

namespace Sunet.Native.Interop.Cpu;

/// <summary>A oneDNN engine and stream with a thread count; used by one thread at a time.</summary>
internal sealed partial class CpuContextHandle : CpuHandle
{
    /// <summary>The threads its primitives and kernels run on.</summary>
    public int Threads => ContextThreads(this);

    /// <summary>Creates a context; the caller disposes it.</summary>
    /// <exception cref="ArgumentException"><paramref name="threads"/> is below 1.</exception>
    /// <exception cref="BackendException">The library is missing or failed.</exception>
    public static unsafe CpuContextHandle Create(int threads)
    {
        CpuLibrary.EnsureLoaded();
        byte* text = stackalloc byte[NativeMessage.Size];
        NativeMessage message = new(text, NativeMessage.Size);
        int status = ContextCreate(threads, out CpuContextHandle context, ref message);
        NativeStatus.ThrowIfFailed(status, message, CpuLibrary.File);
        return context;
    }

    protected override bool ReleaseHandle()
    {
        ContextDestroy(handle);
        return true;
    }

    [LibraryImport(CpuLibrary.Name, EntryPoint = "sunet_context_create")]
    private static partial int ContextCreate(int threads, out CpuContextHandle context, ref NativeMessage message);

    [LibraryImport(CpuLibrary.Name, EntryPoint = "sunet_context_destroy")]
    private static partial void ContextDestroy(nint context);

    [LibraryImport(CpuLibrary.Name, EntryPoint = "sunet_context_threads")]
    private static partial int ContextThreads(CpuContextHandle context);
}
