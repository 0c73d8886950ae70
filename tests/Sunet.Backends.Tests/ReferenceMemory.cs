using System.Runtime.InteropServices;
using Sunet.Native.Backends;

namespace Sunet.Backends.Tests;

/// <summary>Zeroed memory of the process, aligned to 64 bytes.</summary>
internal sealed unsafe class ReferenceMemory : IDeviceMemory
{
    private const int Alignment = 64;
    private void* memory;

    public ReferenceMemory(long bytes)
    {
        Bytes = bytes;
        memory = NativeMemory.AlignedAlloc((nuint)Math.Max(1, bytes), Alignment);
        NativeMemory.Clear(memory, (nuint)bytes);
    }

    public nint Address => (nint)memory;

    public long Bytes { get; }

    public void Dispose()
    {
        NativeMemory.AlignedFree(memory);
        memory = null;
    }
}
