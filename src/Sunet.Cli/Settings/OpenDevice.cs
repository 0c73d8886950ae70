using Sunet.Native.Backends;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Compilation;

namespace Sunet.Cli.Settings;

/// <summary>A device opened for one command, which disposes it.</summary>
/// <param name="Backend">What plans are compiled for.</param>
/// <param name="Line">One short line on what it is; <c>sunet doctor</c> says more, and what the choice of a device depends on.</param>
internal sealed record OpenDevice(IBackend Backend, string Line) : IDisposable
{
    /// <summary>The threads of the CPU; null for a GPU.</summary>
    public int? Threads => (Backend as CpuBackend)?.Threads;

    /// <summary>All the memory there is for plans.</summary>
    public long MemoryBytes => Backend.MemoryBytes;

    /// <summary>
    /// The most that a plan may take beside others: a GPU knows what it has left, the CPU's system promises more than it has.
    /// </summary>
    /// <param name="others">The bytes of plans that exist.</param>
    public long MemoryLimit(long others = 0) => Backend.UsesHostMemory ? MemoryBytes - others : long.MaxValue;

    /// <summary>
    /// The most that a plan may take beside one that has not run yet and will give its working memory back where it can, in bytes.
    /// </summary>
    /// <param name="other">The plan that is there.</param>
    public long MemoryBeside(Plan other) => Backend.UsesHostMemory
        ? MemoryBytes - other.RetainedBytes
        : Backend.AvailableBytes - other.Memory.SessionBytes; // a session takes that only when it first transfers

    public void Dispose() => Backend.Dispose();
}
