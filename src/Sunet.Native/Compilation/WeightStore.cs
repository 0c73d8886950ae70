using Sunet.Native.Backends;
using Sunet.Native.Compilation.Memory;
using Sunet.Native.Graphs;

namespace Sunet.Native.Compilation;

/// <summary>
/// The weights of one model on one backend, for any number of plans to read: every parameter and buffer once in each format that plans
/// want it in. Plans of one size always want the same; those of other sizes differ in a few layers at most. Threads may compile, load and
/// run plans over a store at the same time. Dispose it after its plans: a plan whose store is disposed cannot be used any more.
/// </summary>
/// <param name="backend">Where the plans run.</param>
internal sealed class WeightStore(IBackend backend) : IDisposable
{
    /// <summary>The alignment of weights, equal to that of a plan's own values.</summary>
    private const long Alignment = MemoryPlan.Alignment;

    private readonly Dictionary<(string Name, string Format, long Bytes), StoredWeight> weights = [];
    private readonly List<IDeviceMemory> blocks = [];

    /// <summary>Guards the fields; never held while a plan is waited for.</summary>
    private readonly Lock gate = new();
    private readonly HashSet<IWeightReader> plans = [];
    private bool disposed;

    /// <summary>
    /// Held by a plan from finding out which weights are missing until it has loaded them, so that each is loaded once, and by no plan
    /// while another reads it.
    /// </summary>
    internal Lock Loading { get; } = new();

    /// <summary>Bytes held on the device; 0 once it is disposed.</summary>
    public long Bytes
    {
        get
        {
            lock (gate)
                return blocks.Sum(b => b.Bytes);
        }
    }

    /// <summary>Whether the store belongs to a backend.</summary>
    internal bool IsOf(IBackend other) => ReferenceEquals(backend, other);

    /// <summary>
    /// Finds the stored weights that a graph with prepared ops reads. A weight that no plan has used before has no memory yet.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The store is disposed.</exception>
    internal Dictionary<Value, StoredWeight> Find(Graph graph, IBackendSession session)
    {
        using Lock.Scope held = Enter();
        var found = new Dictionary<Value, StoredWeight>();
        foreach (Value value in graph.Parameters.Concat(graph.Buffers))
        {
            if (session.Layouts.SharedFormatOf(value) is not { } format)
                continue;
            long bytes = session.Layouts.BytesOf(value);
            var key = (value.Name, format, bytes);
            if (!weights.TryGetValue(key, out StoredWeight? stored))
            {
                bool isCopied = value.Kind == ValueKind.Parameter;
                long copyBytes = isCopied ? bytes / sizeof(float) * (session.ParameterCopies?.ElementBytes ?? 0) : 0;
                weights.Add(key, stored = new StoredWeight(value.Name, format, bytes, Align(bytes), Align(copyBytes)));
            }

            found.Add(value, stored);
        }

        return found;
    }

    /// <summary>Bytes that <see cref="Allocate"/> will take, if no other plan allocates in between.</summary>
    internal static long MissingBytes(IEnumerable<StoredWeight> wanted) =>
        wanted.Where(w => w.Address == 0).Distinct().Sum(w => w.ParameterBytes + w.CopyBytes);

    /// <summary>Gives memory, one block, to what has none. One plan at a time allocates.</summary>
    /// <exception cref="MemoryException">There is not enough.</exception>
    /// <exception cref="ObjectDisposedException">The store is disposed.</exception>
    internal void Allocate(IEnumerable<StoredWeight> wanted)
    {
        using Lock.Scope held = Enter();
        StoredWeight[] missing = [.. wanted.Where(w => w.Address == 0).Distinct()];
        if (missing.Length == 0)
            return;
        IDeviceMemory block = backend.Allocate(MissingBytes(missing));
        blocks.Add(block);
        nint at = block.Address;
        foreach (StoredWeight weight in missing)
        {
            weight.Address = at;
            weight.CopyAddress = weight.CopyBytes == 0 ? at : at + (nint)weight.ParameterBytes;
            at += (nint)(weight.ParameterBytes + weight.CopyBytes);
        }
    }

    /// <summary>Notes a plan that reads the store; it is refused to callers before the memory goes.</summary>
    /// <exception cref="ObjectDisposedException">The store is disposed.</exception>
    internal void Add(IWeightReader plan)
    {
        using Lock.Scope held = Enter();
        plans.Add(plan);
    }

    /// <summary>Forgets a plan that is disposed.</summary>
    internal void Remove(IWeightReader plan)
    {
        lock (gate)
            plans.Remove(plan);
    }

    /// <summary>Waits for the plans that are running, refuses their later use, and frees the memory.</summary>
    /// <exception cref="InvalidOperationException">A callback of a plan over the store wants it.</exception>
    public void Dispose()
    {
        IWeightReader[] readers;
        lock (gate)
        {
            disposed = true;
            readers = [.. plans];
        }

        foreach (IWeightReader plan in readers)
            plan.RefuseWithout(this);
        lock (gate)
        {
            blocks.ForEach(b => b.Dispose());
            blocks.Clear();
            weights.Clear();
        }
    }

    private Lock.Scope Enter()
    {
        Lock.Scope held = gate.EnterScope();
        if (!disposed)
            return held;
        held.Dispose();
        throw new ObjectDisposedException(GetType().FullName);
    }

    private static long Align(long bytes) => RoundUp.ToMultiple(bytes, Alignment);
}

/// <summary>A plan that reads a <see cref="WeightStore"/>.</summary>
internal interface IWeightReader
{
    /// <summary>Waits for the call that runs and refuses later ones, because the weights they would read are about to go.</summary>
    void RefuseWithout(WeightStore store);
}
