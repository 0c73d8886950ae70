using Sunet.Native.Compilation;
using Sunet.Native.Compilation.Memory;
using Sunet.Native.Graphs;

namespace Sunet.Native.Backends;

/// <summary>Where everything of a plan lies on its device.</summary>
public sealed class PlanAddresses
{
    private readonly MemoryPlan memory;
    private readonly nint start;
    private readonly IReadOnlyDictionary<Value, StoredWeight> shared;

    internal PlanAddresses(MemoryPlan memory, nint start, IReadOnlyDictionary<Value, StoredWeight> shared)
    {
        this.memory = memory;
        this.start = start;
        this.shared = shared;
    }

    /// <summary>Scratch memory: as much as the call asked for, or more.</summary>
    public nint Scratch => start + (nint)memory.Scratch.Offset;

    /// <summary>The first byte of a value.</summary>
    public nint Of(Value value) =>
        shared.TryGetValue(value, out StoredWeight? stored) ? stored.Address : start + (nint)memory.OffsetOf(value);

    /// <summary>The first byte of what calls read of a parameter: its copy where the plan keeps one, else the parameter.</summary>
    public nint CopyOf(Value parameter) =>
        shared.TryGetValue(parameter, out StoredWeight? stored) ? stored.CopyAddress : start + (nint)memory.CopyOffsetOf(parameter);
}

/// <summary>One op made ready to run many times: implementation chosen, addresses bound.</summary>
public abstract class PreparedCall : IDisposable
{
    private bool disposed;

    /// <summary>Bytes of scratch memory that must be there while the call runs; their content is kept by nobody.</summary>
    public virtual long ScratchBytes => 0;

    /// <summary>Which implementation was chosen, such as <c>jit:avx512_core</c>.</summary>
    public abstract string Implementation { get; }

    /// <summary>Tells the call, once, where its values and its scratch memory lie.</summary>
    public abstract void Bind(PlanAddresses at);

    /// <summary>Runs the call. Allocates nothing.</summary>
    /// <exception cref="BackendException">The library failed; the message names op and layer.</exception>
    /// <exception cref="ObjectDisposedException">The plan is disposed.</exception>
    public abstract void Run();

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref disposed, true))
            return;
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases what the call prepared; called once.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}
