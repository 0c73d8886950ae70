using System.Runtime.InteropServices;
using Sunet.Native.Graphs;
using Sunet.Native.Tensors;

namespace Sunet.Native.Compilation;

/// <summary>One op of a plan with its prepared call.</summary>
/// <param name="Op">The op.</param>
/// <param name="Call">What runs.</param>
public readonly record struct PlannedCall(Op Op, PreparedCall Call);

/// <summary>
/// A graph compiled for one backend: a flat list of prepared calls over one arena. Nothing is allocated after compilation. A plan is used
/// by one thread at a time. Disposing it frees all it holds; the backend stays the caller's.
/// </summary>
public sealed class Plan : IDisposable
{
    /// <summary>What is left when a plan is found to fit is still left when it is allocated.</summary>
    private static readonly Lock Allocating = new();

    private readonly PlannedCall[] calls;
    private readonly int[] phaseStarts;
    private readonly IDeviceMemory arena;
    private readonly Dictionary<Value, StoredWeight> shared;
    private readonly Action runPhase;
    private Phase running;
    private IPlanObserver? watching;
    private bool disposed;

    private Plan(Graph graph, IBackendSession session, PlannedCall[] calls, MemoryPlan memory, IDeviceMemory arena, PlanAddresses addresses,
        Dictionary<Value, StoredWeight> shared)
    {
        this.shared = shared;
        Addresses = addresses;
        Graph = graph;
        Session = session;
        Memory = memory;
        this.calls = calls;
        this.arena = arena;
        runPhase = RunPhase;
        phaseStarts = [.. Enum.GetValues<Phase>().Select(phase => calls.Count(c => c.Op.Phase < phase)), calls.Length];
    }

    /// <summary>The graph that was compiled.</summary>
    public Graph Graph { get; }

    /// <summary>Where everything lies.</summary>
    public MemoryPlan Memory { get; }

    /// <summary>The calls in running order.</summary>
    public IReadOnlyList<PlannedCall> Calls => calls;

    /// <summary>The bytes that stay taken after <see cref="ReleaseWorkingMemory"/>: all where the device gives none back.</summary>
    public long RetainedBytes => Memory.TotalBytes - (Session.CanForget ? WorkingRegions.Sum(r => r.Bytes) : 0);

    internal IBackendSession Session { get; }

    internal PlanAddresses Addresses { get; }

    private MemoryPlan.Region[] WorkingRegions => [Memory.Gradients, Memory.Activations, Memory.Scratch];

    /// <summary>Compiles a graph.</summary>
    /// <param name="graph">The graph; it must not change afterwards.</param>
    /// <param name="backend">Where it runs; it must outlive the plan.</param>
    /// <param name="options">What for.</param>
    /// <param name="cancellation">Stops between two ops; everything is released.</param>
    /// <exception cref="BackendException">The backend has no implementation of an op.</exception>
    /// <exception cref="MemoryException">The plan needs more than the limit, or than there is.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static Plan Compile(Graph graph, IBackend backend, PlanOptions options, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(backend);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Weights is { } store && (!store.IsOf(backend) || options.Purpose == PlanPurpose.Training))
            throw new ArgumentException("Weights are shared by plans of one backend, and not by plans that train.", nameof(options));
        using MeasuredWork work = SunetTelemetry.Begin(SunetTelemetry.CompileActivity);
        var calls = new List<PlannedCall>();
        IBackendSession session = backend.Open(graph, options.Purpose);
        IDeviceMemory? arena = null;
        try
        {
            MemoryDemand.RequirePossible(graph, options, session);
            session.Perform(() => Prepare(graph, session, calls, cancellation));
            Dictionary<Value, StoredWeight> shared = options.Weights?.Find(graph, session) ?? [];
            MemoryPlan memory = MemoryPlan.Create(graph, session, ScratchBytes(calls), options.OptimizerSlots, shared);
            lock (Allocating)
            {
                MemoryDemand.Require(memory, WeightStore.MissingBytes(shared.Values), options, session);
                options.Weights?.Allocate(shared.Values);
                arena = session.Allocate(memory.ArenaBytes);
            }

            var addresses = new PlanAddresses(memory, arena.Address, shared);
            foreach (PlannedCall call in calls)
                call.Call.Bind(addresses);
            var plan = new Plan(graph, session, [.. calls], memory, arena, addresses, shared);
            SunetTelemetry.Compiled(work, options.Purpose == PlanPurpose.Training ? "training" : "inference", memory.TotalBytes);
            return plan;
        }
        catch
        {
            foreach (PlannedCall call in calls)
                call.Call.Dispose();
            arena?.Dispose();
            session.Dispose();
            throw;
        }
    }

    /// <summary>
    /// The memory of the plan that <see cref="Compile"/> would make of a graph, with weights of its own and no optimizer. Nothing of it is
    /// allocated.
    /// </summary>
    /// <param name="graph">The graph; it must not change while its memory is planned.</param>
    /// <param name="backend">Where it would run.</param>
    /// <param name="purpose">What for.</param>
    /// <param name="cancellation">Stops between two ops; everything is released.</param>
    /// <exception cref="BackendException">The backend has no implementation of an op.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static MemoryPlan MemoryOf(Graph graph, IBackend backend, PlanPurpose purpose, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(backend);
        var calls = new List<PlannedCall>();
        using IBackendSession session = backend.Open(graph, purpose);
        try
        {
            session.Perform(() => Prepare(graph, session, calls, cancellation));
            return MemoryPlan.Create(graph, session, ScratchBytes(calls), optimizerSlots: 0, new Dictionary<Value, StoredWeight>());
        }
        finally
        {
            foreach (PlannedCall call in calls)
                call.Call.Dispose();
        }
    }

    /// <summary>
    /// Loads every parameter and buffer from a model, deriving those that passes have made; not those that another plan has loaded into
    /// the weights they share.
    /// </summary>
    /// <param name="model">What the weights are read from; called on the thread that <see cref="IBackendSession.Perform"/> takes.</param>
    public void Load(ParameterReader model)
    {
        ArgumentNullException.ThrowIfNull(model);
        Session.Perform(() => LoadMissing(model));
    }

    private void LoadMissing(ParameterReader model)
    {
        Value[] missing =
            [.. Graph.Parameters.Concat(Graph.Buffers).Where(v => !shared.TryGetValue(v, out StoredWeight? stored) || !stored.IsLoaded)];
        ProvideMemory(missing);
        using var room = new HostFloats(missing.Where(v => v.Derivation is not null).Select(v => v.Shape.ArrayLength).DefaultIfEmpty().Max());
        foreach (Value value in missing)
        {
            if (value.Derivation is null)
            {
                Write(value, model(value.Name));
                continue;
            }

            Span<float> derived = room.Span[..(int)value.Shape.Count];
            value.Derivation.Compute(model, derived);
            Write(value, derived);
        }

        if (shared.Count == 0 || missing.Length == 0)
            return;

        // Plans on other streams read them from here on.
        Session.Synchronize();
        foreach (StoredWeight weight in shared.Values)
            weight.IsLoaded = true;
    }

    /// <summary>Of weights that are about to be loaded, in runs of those that lie side by side.</summary>
    private void ProvideMemory(IEnumerable<Value> missing)
    {
        nint start = 0, end = 0;
        foreach (Value value in missing.OrderBy(v => AddressOf(v)))
        {
            nint address = AddressOf(value);
            if (address - end > MemoryPlan.Alignment)
            {
                Session.Provide(end - start, start);
                start = address;
            }

            end = address + (nint)Session.BytesOf(value);
        }

        Session.Provide(end - start, start);
    }

    /// <summary>
    /// Writes row-major elements to an input, a parameter or a buffer. Parameters and buffers stay; an input shares its memory with what is
    /// computed after its last reader, so it is written before every forward run.
    /// </summary>
    /// <exception cref="ArgumentException">The number of elements is not the value's.</exception>
    public void Write(Value value, ReadOnlySpan<float> elements)
    {
        CheckAccess(value, DataType.Float32, elements.Length);
        Session.Upload(value, AddressOf(value), elements);
        RefreshCopy(value);
    }

    /// <summary>Writes integers to an input; before every forward run.</summary>
    /// <exception cref="ArgumentException">The number of elements is not the value's.</exception>
    public void Write(Value value, ReadOnlySpan<int> elements)
    {
        CheckAccess(value, DataType.Int32, elements.Length);
        Session.Upload(value, AddressOf(value), elements);
    }

    /// <summary>Writes bytes to an input; before every forward run.</summary>
    /// <exception cref="ArgumentException">The number of elements is not the value's.</exception>
    public void Write(Value value, ReadOnlySpan<byte> elements)
    {
        CheckAccess(value, DataType.UInt8, elements.Length);
        Session.Upload(value, AddressOf(value), elements);
    }

    /// <summary>Reads an output, a parameter, a buffer or a parameter's gradient, row-major.</summary>
    /// <exception cref="ArgumentException">The number of elements is not the value's.</exception>
    public void Read(Value value, Span<float> elements)
    {
        CheckAccess(value, DataType.Float32, elements.Length);
        Session.Download(value, AddressOf(value), elements);
    }

    /// <summary>Reads an integer output.</summary>
    /// <exception cref="ArgumentException">The number of elements is not the value's.</exception>
    public void Read(Value value, Span<int> elements)
    {
        CheckAccess(value, DataType.Int32, elements.Length);
        Session.Download(value, AddressOf(value), elements);
    }

    /// <summary>Reads a byte output.</summary>
    /// <exception cref="ArgumentException">The number of elements is not the value's.</exception>
    public void Read(Value value, Span<byte> elements)
    {
        CheckAccess(value, DataType.UInt8, elements.Length);
        Session.Download(value, AddressOf(value), elements);
    }

    /// <summary>
    /// Writes row-major elements of the value's type that lie on the plan's device already, such as another library's: to an input, a
    /// parameter or a buffer. They must be there, or be computed by the stream the backend was given, and stay until the next run is done.
    /// </summary>
    /// <param name="value">What to write.</param>
    /// <param name="elements">A device address on a GPU, a host address on the CPU, of as many elements as the value has.</param>
    public void WriteFrom(Value value, nint elements)
    {
        CheckAccess(value);
        Session.UploadFrom(value, AddressOf(value), elements);
        RefreshCopy(value);
    }

    /// <summary>
    /// Reads a value as row-major elements of its type into memory on the plan's device. They are there once the backend's stream comes to
    /// them; <see cref="Synchronize"/> waits.
    /// </summary>
    /// <param name="value">What to read.</param>
    /// <param name="elements">A device address on a GPU, a host address on the CPU, of as many elements as the value has.</param>
    public void ReadTo(Value value, nint elements)
    {
        CheckAccess(value);
        Session.DownloadTo(value, AddressOf(value), elements);
    }

    /// <summary>Waits until everything asked for is done.</summary>
    /// <exception cref="BackendException">Something that ran meanwhile has failed.</exception>
    public void Synchronize()
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        Session.Synchronize();
    }

    /// <summary>The first element of a float32 output.</summary>
    public float ReadScalar(Value value)
    {
        float result = 0;
        Read(value, MemoryMarshal.CreateSpan(ref result, 1));
        return result;
    }

    /// <summary>The first element of an int32 output.</summary>
    public int ReadInteger(Value value)
    {
        int result = 0;
        Read(value, MemoryMarshal.CreateSpan(ref result, 1));
        return result;
    }

    /// <summary>Runs one phase.</summary>
    /// <param name="phase">Which.</param>
    /// <param name="observer">Told before and after each call; null in production.</param>
    /// <exception cref="BackendException">A call failed; the message names op and layer.</exception>
    public void Run(Phase phase, IPlanObserver? observer = null)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        (running, watching) = (phase, observer);
        Session.Perform(runPhase);
    }

    /// <summary>
    /// Gives the memory of activations, gradients and scratch back to the system until the next run, where the device can: the CPU on Linux.
    /// What outputs held is gone; parameters, buffers and the optimizer's memory stay.
    /// </summary>
    public void ReleaseWorkingMemory()
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        foreach (MemoryPlan.Region region in WorkingRegions)
            Session.Forget(region.Bytes, AddressOf(region));
    }

    /// <summary>Makes a phase, run as it is every time, cheaper to repeat. The caller disposes it before the plan.</summary>
    public PreparedWork Record(Phase phase) => Session.Record(() => Run(phase));

    /// <inheritdoc/>
    public void Dispose()
    {
        if (disposed)
            return;
        disposed = true;
        foreach (PlannedCall call in calls)
            call.Call.Dispose();
        arena.Dispose();
        Session.Dispose();
    }

    private void RunPhase()
    {
        int end = phaseStarts[(int)running + 1];
        for (int i = phaseStarts[(int)running]; i < end; i++)
        {
            watching?.Starting(i, calls[i]);
            calls[i].Call.Run();
            watching?.Finished(i, calls[i]);
        }
    }

    internal nint AddressOf(Value value) => Addresses.Of(value);

    internal nint AddressOf(MemoryPlan.Region region) => arena.Address + (nint)region.Offset;

    private void RefreshCopy(Value value)
    {
        if (value.Kind == ValueKind.Parameter && Session.ParameterCopyBytes > 0)
            Session.RefreshCopy(Session.BytesOf(value) / sizeof(float), AddressOf(value), Addresses.CopyOf(value));
    }

    /// <summary>Prepares the ops of a graph; what was prepared before a failure is among the calls, for the caller to dispose.</summary>
    private static void Prepare(Graph graph, IBackendSession session, List<PlannedCall> calls, CancellationToken cancellation)
    {
        session.PrepareAhead(graph.Ops, cancellation);
        foreach (Op op in graph.Ops)
        {
            cancellation.ThrowIfCancellationRequested();

            // Where it lies is zero already.
            calls.Add(new PlannedCall(op, op is ZeroGradient ? new NoCall() : session.Prepare(op)));
        }
    }

    /// <summary>Calls run one after the other and share their scratch memory.</summary>
    private static long ScratchBytes(List<PlannedCall> calls) => calls.Select(c => c.Call.ScratchBytes).DefaultIfEmpty().Max();

    private void CheckAccess(Value value)
    {
        ArgumentNullException.ThrowIfNull(value);
        ObjectDisposedException.ThrowIf(disposed, this);
    }

    private void CheckAccess(Value value, DataType type, int length)
    {
        CheckAccess(value);
        if (value.Type != type)
            throw new ArgumentException($"'{value.Name}' holds {value.Type}, not {type}.", nameof(value));
        if (length != value.Shape.Count)
            throw new ArgumentException($"'{value.Name}' {value.Shape} has {value.Shape.Count} elements; {length} were given.", nameof(value));
    }
}
