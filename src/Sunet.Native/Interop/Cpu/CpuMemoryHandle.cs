using System.Runtime.InteropServices;

namespace Sunet.Native.Interop.Cpu;

/// <summary>Zeroed host memory: 64-byte aligned, on huge pages where it is large.</summary>
internal sealed partial class CpuMemoryHandle : CpuHandle
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
        int status = Allocate((nuint)bytes, out CpuMemoryHandle memory, ref message);
        NativeStatus.ThrowIfFailed(status, message, CpuLibrary.File, bytes: bytes);
        memory.Bytes = bytes;
        return memory;
    }

    protected override bool ReleaseHandle()
    {
        Free(handle);
        return true;
    }

    [LibraryImport(CpuLibrary.Name, EntryPoint = "sunet_allocate")]
    private static partial int Allocate(nuint bytes, out CpuMemoryHandle memory, ref NativeMessage message);

    [LibraryImport(CpuLibrary.Name, EntryPoint = "sunet_free")]
    private static partial void Free(nint memory);
}
