using Sunet.Native.Interop.Cpu;
using Sunet.Native.Interop.Host;

namespace Sunet.Native.Backends.Cpu.Memory;

/// <summary>
/// Zeroed memory of the process. The system counts memory once it is written, so what has been given to plans that have not run yet is kept
/// account of here: it is not available to others.
/// </summary>
internal sealed class CpuMemory : IDeviceMemory
{
    private static readonly Lock Gate = new();

    /// <summary>
    /// The blocks that may not have been written yet. The references are weak, so that the finalizer can free blocks that nobody holds.
    /// </summary>
    private static readonly List<WeakReference<CpuMemory>> Unwritten = [];

    private readonly CpuMemoryHandle memory;
    private bool disposed;

    /// <summary>Allocates; the caller disposes it.</summary>
    /// <exception cref="MemoryException">The host does not have that much.</exception>
    public CpuMemory(long bytes)
    {
        Bytes = bytes;
        memory = CpuMemoryHandle.Allocate(Math.Max(1, bytes));
        lock (Gate)
            Unwritten.Add(new WeakReference<CpuMemory>(this));
    }

    /// <summary>The memory that a new plan can have, in bytes: what is free, without what existing plans have yet to write.</summary>
    public static long AvailableBytes
    {
        get
        {
            lock (Gate)
            {
                Unwritten.RemoveAll(r => !r.TryGetTarget(out CpuMemory? memory) || memory.disposed);
                long promised = Unwritten.Sum(r => r.TryGetTarget(out CpuMemory? memory) ? memory.PromisedBytes : 0);
                return Math.Max(0, HostMemory.AvailableBytes - promised);
            }
        }
    }

    public nint Address => memory.Raw;

    public long Bytes { get; }

    /// <summary>Whether memory that was given back to the system will be written again before other plans have finished.</summary>
    public bool IsWanted { get; set; } = true;

    /// <summary>The number of bytes that the system has not provided yet and will have to provide.</summary>
    public long PromisedBytes => IsWanted ? Bytes - Posix.ResidentBytes(Address, Bytes) : 0;

    public void Dispose()
    {
        lock (Gate)
            disposed = true;
        memory.Dispose();
    }
}
