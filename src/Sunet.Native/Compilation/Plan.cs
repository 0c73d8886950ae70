using Sunet.Native.Backends;
using Sunet.Native.Compilation.Memory;
using Sunet.Native.Graphs;
using Sunet.Native.Telemetry;
using Sunet.Native.Tensors;

namespace Sunet.Native.Compilation;

/// <summary>
/// A graph compiled for one backend: a flat list of prepared calls over one arena. Nothing is allocated after compilation. A plan is used
/// by one thread at a time; another waits until the call that runs has returned. Disposing it waits likewise and frees all it holds; the
/// backend stays the caller's. What is done with a plan after that, or after its <see cref="WeightStore"/> is disposed, raises an
/// <see cref="ObjectDisposedException"/>.
/// </summary>
public sealed partial class Plan : IDisposable, IWeightReader
{
    /// <summary>
    /// Held from the memory check of a plan to its allocation, so that memory found free is still free when it is allocated.
    /// </summary>
    private static readonly Lock Allocating = new();

    private readonly PlannedCall[] calls;
    private readonly int[] phaseStarts;
    private readonly IDeviceMemory arena;
    private readonly PlanAddresses addresses;
    private readonly Dictionary<Value, StoredWeight> shared;
    private readonly WeightStore? weights;
    private readonly CallGate gate = new(typeof(Plan));
    private readonly Action runCalls;
    private Range running;
    private IPlanObserver? watching;

    private Plan(Graph graph, IBackendSession session, PlannedCall[] calls, MemoryPlan memory, IDeviceMemory arena, PlanAddresses addresses,
        Dictionary<Value, StoredWeight> shared, WeightStore? weights)
    {
        this.shared = shared;
        this.weights = weights;
        this.addresses = addresses;
        Training = new PlanTraining(graph, session, memory, addresses);
        Graph = graph;
        Session = session;
        Memory = memory;
        this.calls = calls;
        this.arena = arena;
        runCalls = RunCalls;
        phaseStarts = [.. Enum.GetValues<Phase>().Select(phase => calls.Count(c => c.Op.Phase < phase)), calls.Length];
    }

    /// <summary>The graph that was compiled.</summary>
    public Graph Graph { get; }

    /// <summary>Where everything lies.</summary>
    internal MemoryPlan Memory { get; }

    /// <summary>The calls in running order.</summary>
    internal IReadOnlyList<PlannedCall> Calls => calls;

    /// <summary>All bytes that the plan takes on its device, but for weights that it shares.</summary>
    public long MemoryBytes => Memory.TotalBytes;

    /// <summary>The bytes that stay taken after <see cref="ReleaseWorkingMemory"/>: all where the device gives none back.</summary>
    public long RetainedBytes => Memory.TotalBytes - (Session.ReclaimableMemory is null ? 0 : WorkingRegions.Sum(r => r.Bytes));

    internal IBackendSession Session { get; }

    /// <summary>What a trainer does with the plan beside running it.</summary>
    internal PlanTraining Training { get; }

    private MemoryPlan.Region[] WorkingRegions => [Memory.Gradients, Memory.Activations, Memory.Scratch];

    /// <summary>Compiles a graph.</summary>
    /// <param name="graph">The graph; it must not change afterwards.</param>
    /// <param name="backend">Where it runs; it must outlive the plan.</param>
    /// <param name="options">What for.</param>
    /// <param name="cancellation">Stops between two ops; everything is released.</param>
    /// <exception cref="BackendException">The backend has no implementation of an op.</exception>
    /// <exception cref="MemoryException">The plan needs more than the limit, or than there is.</exception>
    /// <exception cref="ObjectDisposedException">The backend or the store of weights is disposed.</exception>
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
        IBackendSession session = backend.Open(graph, options.Purpose, options.Concurrency);
        IDeviceMemory? arena = null;
        try
        {
            MemoryDemand.RequirePossible(graph, options.MemoryLimit, backend);
            session.Perform(() => Prepare(graph, session, calls, cancellation));
            Dictionary<Value, StoredWeight> shared = options.Weights?.Find(graph, session) ?? [];
            var extra = new MemoryPlan.OptimizerMemory(options.OptimizerSlots, options.KeepsAverages);
            MemoryPlan memory = MemoryPlan.Create(graph, session, ScratchBytes(calls), extra, shared);
            lock (Allocating)
            {
                MemoryDemand.Require(
                    memory, WeightStore.MissingBytes(shared.Values), options.MemoryLimit, options.BufferBytes, backend);
                options.Weights?.Allocate(shared.Values);
                arena = session.Allocate(memory.ArenaBytes);
            }

            var addresses = new PlanAddresses(memory, arena.Address, shared);
            foreach (PlannedCall call in calls)
                call.Call.Bind(addresses);
            var plan = new Plan(graph, session, [.. calls], memory, arena, addresses, shared, options.Weights);
            options.Weights?.Add(plan);
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
    internal static MemoryPlan MemoryOf(Graph graph, IBackend backend, PlanPurpose purpose, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(backend);
        var calls = new List<PlannedCall>();
        using IBackendSession session = backend.Open(graph, purpose);
        try
        {
            session.Perform(() => Prepare(graph, session, calls, cancellation));
            return MemoryPlan.Create(graph, session, ScratchBytes(calls), default, new Dictionary<Value, StoredWeight>());
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
    /// <param name="model">Gives the elements of a name; called on the thread that <see cref="IBackendSession.Perform"/> takes.</param>
    /// <param name="cancellation">Stops between two parameters; the plan must be loaded again before it runs.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public void Load(ParameterReader model, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        using CallGate.Scope inside = Enter();
        if (weights is null)
        {
            Session.Perform(() => LoadMissing(model, cancellation));
            return;
        }

        lock (weights.Loading)
            Session.Perform(() => LoadMissing(model, cancellation));
    }

    private void LoadMissing(ParameterReader model, CancellationToken cancellation)
    {
        Value[] missing =
        [
            .. Graph.Parameters.Concat(Graph.Buffers)
                .Where(v => !shared.TryGetValue(v, out StoredWeight? stored) || !stored.IsLoaded)
                .DistinctBy(addresses.Of),
        ];
        ProvideMemory(missing);
        using var room = new HostFloats(
            missing.Where(v => v.Derivation is not null).Select(v => v.Shape.ArrayLength).DefaultIfEmpty().Max());
        foreach (Value value in missing)
        {
            cancellation.ThrowIfCancellationRequested();
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

    /// <summary>
    /// Has the system provide the memory of weights that are about to be loaded, in runs of weights that lie side by side.
    /// </summary>
    private void ProvideMemory(IEnumerable<Value> missing)
    {
        if (Session.ReclaimableMemory is not { } reclaimable)
            return;
        nint start = 0, end = 0;
        foreach (Value value in missing.OrderBy(v => addresses.Of(v)))
        {
            nint address = addresses.Of(value);
            if (address - end > MemoryPlan.Alignment)
            {
                reclaimable.Provide(end - start, start);
                start = address;
            }

            end = address + (nint)Session.Layouts.BytesOf(value);
        }

        reclaimable.Provide(end - start, start);
    }

    /// <summary>Waits until everything asked for is done.</summary>
    /// <exception cref="BackendException">Something that ran meanwhile has failed.</exception>
    public void Synchronize()
    {
        using CallGate.Scope inside = Enter();
        Session.Synchronize();
    }

    /// <summary>Runs one phase.</summary>
    /// <param name="phase">The phase.</param>
    /// <exception cref="BackendException">A call failed; the message names op and layer.</exception>
    public void Run(Phase phase) => Run(phase, null);

    /// <summary>Runs one phase and tells an observer before and after each call.</summary>
    /// <param name="phase">The phase.</param>
    /// <param name="observer">The observer; null for none.</param>
    /// <exception cref="BackendException">A call failed; the message names op and layer.</exception>
    internal void Run(Phase phase, IPlanObserver? observer) =>
        Run(phaseStarts[(int)phase]..phaseStarts[(int)phase + 1], observer);

    /// <summary>
    /// Gives the memory of activations, gradients and scratch back to the system until the next run, where the device can: the CPU on
    /// Linux. What outputs held is gone; parameters, buffers and the optimizer's memory stay.
    /// </summary>
    public void ReleaseWorkingMemory()
    {
        using CallGate.Scope inside = Enter();
        if (Session.ReclaimableMemory is not { } reclaimable)
            return;
        foreach (MemoryPlan.Region region in WorkingRegions)
            reclaimable.Reclaim(region.Bytes, addresses.Of(region));
    }

    /// <summary>Makes a phase, run as it is every time, cheaper to repeat. The caller disposes it before the plan.</summary>
    public PreparedWork Record(Phase phase) => Record(phaseStarts[(int)phase]..phaseStarts[(int)phase + 1]);

    /// <summary>
    /// Makes some calls, one after the other in running order, cheaper to repeat: for a caller that does something between parts of a
    /// phase. The caller disposes it before the plan.
    /// </summary>
    internal PreparedWork Record(Range range)
    {
        using CallGate.Scope inside = Enter();
        return new RecordedCalls(this, Session.Record(() => Run(range, null)));
    }

    /// <summary>Waits for the call that runs and frees all the plan holds.</summary>
    /// <exception cref="InvalidOperationException">A callback of the call that runs, such as an observer, wants it.</exception>
    public void Dispose()
    {
        gate.Close(Free);
        weights?.Remove(this);
    }

    /// <summary>Begins a call: no other thread's is inside and nothing is disposed until the result is. The calls of a call nest.</summary>
    /// <exception cref="ObjectDisposedException">The plan or the weights it reads are disposed.</exception>
    internal CallGate.Scope Enter() => gate.EnterNested();

    /// <summary>Waits for the call that runs and refuses later ones, because the weights they would read are about to go.</summary>
    void IWeightReader.RefuseWithout(WeightStore store) => gate.Refuse(store.GetType());

    private void Run(Range range, IPlanObserver? observer)
    {
        using CallGate.Scope inside = Enter();
        (running, watching) = (range, observer);
        Session.Perform(runCalls);
    }

    private void RunCalls()
    {
        (Range range, IPlanObserver? observer) = (running, watching);
        int end = range.End.GetOffset(calls.Length);
        for (int i = range.Start.GetOffset(calls.Length); i < end; i++)
        {
            observer?.Starting(i, calls[i]);
            calls[i].Call.Run();
            observer?.Finished(i, calls[i]);
        }
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

    private void Free()
    {
        foreach (PlannedCall call in calls)
            call.Call.Dispose();
        arena.Dispose();
        Session.Dispose();
    }

    /// <summary>Recorded calls are a call of the plan, too.</summary>
    private sealed class RecordedCalls(Plan plan, PreparedWork recorded) : PreparedWork
    {
        protected override void Work()
        {
            using CallGate.Scope inside = plan.Enter();
            recorded.Run();
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                plan.gate.Alone(recorded.Dispose);
            base.Dispose(disposing);
        }
    }
}
