using Sunet.Native.Compilation;
using Sunet.Native.Interop;

namespace Sunet.Native.Backends.Cpu;

/// <summary>Zeroed memory of the process.</summary>
internal sealed class CpuMemory : IDeviceMemory
{
    private readonly CpuMemoryHandle memory;

    /// <param name="bytes">How many.</param>
    /// <param name="threads">
    /// Where all of it will be written: how many threads provide it now. 0: pages come when they are written, if ever.
    /// </param>
    /// <exception cref="MemoryException">There is not enough.</exception>
    public CpuMemory(long bytes, int threads)
    {
        memory = CpuMemoryHandle.Allocate(Math.Max(1, bytes));
        Bytes = bytes;
        if (threads > 0)
            Posix.Populate(Address, bytes, threads);
    }

    public nint Address => memory.Raw;

    public long Bytes { get; }

    public void Dispose() => memory.Dispose();
}
