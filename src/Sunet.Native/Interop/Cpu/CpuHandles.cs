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

/// <summary>Zeroed host memory: 64-byte aligned, on huge pages where it is large.</summary>
internal sealed class CpuMemoryHandle : CpuHandle
{
    /// <summary>The bytes that were asked for.</summary>
    public long Bytes { get; private set; }

    /// <summary>Allocates; the caller disposes it.</summary>
    /// <exception cref="MemoryException">The host does not have that much.</exception>
    /// <exception cref="BackendException">The library is missing.</exception>
    public static unsafe CpuMemoryHandle Allocate(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        CpuLibrary.EnsureLoaded();
        byte* text = stackalloc byte[NativeMessage.Size];
        NativeMessage message = new(text, NativeMessage.Size);
        int status = SunetCpu.Allocate((nuint)bytes, out CpuMemoryHandle memory, ref message);
        NativeStatus.ThrowIfFailed(status, message, CpuLibrary.File, bytes: bytes);
        memory.Bytes = bytes;
        return memory;
    }

    protected override bool ReleaseHandle()
    {
        SunetCpu.Free(handle);
        return true;
    }
}

/// <summary>Where a primitive wants its data: oneDNN's memory description.</summary>
internal sealed class CpuFormatHandle : CpuHandle
{
    /// <summary>The bytes data in this format takes, rounded-up channels included.</summary>
    public long Bytes => (long)SunetCpu.FormatBytes(this);

    /// <summary>Creates the format of a tensor whose layout is not Any; the caller disposes it.</summary>
    /// <exception cref="ArgumentException">The tensor contradicts itself.</exception>
    /// <exception cref="BackendException">The library is missing or failed.</exception>
    public static unsafe CpuFormatHandle Create(in NativeTensor tensor)
    {
        CpuLibrary.EnsureLoaded();
        byte* text = stackalloc byte[NativeMessage.Size];
        NativeMessage message = new(text, NativeMessage.Size);
        int status = SunetCpu.FormatCreate(tensor, out CpuFormatHandle format, ref message);
        NativeStatus.ThrowIfFailed(status, message, CpuLibrary.File);
        return format;
    }

    /// <summary>Whether data in one format can be read as the other.</summary>
    public bool IsSameAs(CpuFormatHandle other) => SunetCpu.FormatEqual(this, other) != 0;

    /// <summary>oneDNN's short name, such as <c>aBcd16b</c>.</summary>
    public unsafe string Describe()
    {
        byte* text = stackalloc byte[NativeMessage.Size];
        NativeMessage name = new(text, NativeMessage.Size);
        SunetCpu.FormatDescribe(this, ref name);
        return name.ToString();
    }

    protected override bool ReleaseHandle()
    {
        SunetCpu.FormatDestroy(handle);
        return true;
    }
}
