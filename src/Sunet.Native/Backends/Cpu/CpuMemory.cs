using Sunet.Native.Compilation;
using Sunet.Native.Interop;

namespace Sunet.Native.Backends.Cpu;

/// <summary>Zeroed memory of the process.</summary>
internal sealed class CpuMemory(long bytes) : IDeviceMemory
{
    private readonly CpuMemoryHandle memory = CpuMemoryHandle.Allocate(Math.Max(1, bytes));

    public nint Address => memory.Raw;

    public long Bytes => bytes;

    public void Dispose() => memory.Dispose();
}
