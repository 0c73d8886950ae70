using Sunet.Native.Backends;
using Sunet.Native.Graphs;

namespace Sunet.Native.Tests.Facade;

/// <summary>A backend whose Nth call that makes something fails; everything else is the inner backend's.</summary>
internal sealed class FaultyBackend(IBackend inner, int failing = -1) : IBackend
{
    private int calls;

    /// <summary>Replaces calls as they are prepared: how tests plant ops that compute wrongly.</summary>
    public Func<Op, PreparedCall, PreparedCall> Replace { get; init; } = (_, call) => call;

    /// <summary>What the backend says that there is; null for what the inner backend says.</summary>
    public Func<long>? Available { get; init; }

    /// <summary>Called before a session for a graph is opened, by the thread that compiles and before it waits for a device's.</summary>
    public Action<Graph> Opening { get; init; } = _ => { };

    /// <summary>Replaces the transfers of each session.</summary>
    public Func<IValueTransfers, IValueTransfers> Transferring { get; init; } = transfers => transfers;

    /// <summary>How much is done at a time.</summary>
    public BatchingHint Batching { get; init; } = new(1, 1);

    public string Name => inner.Name;

    public string Description => inner.Description;

    public Precision Precision => inner.Precision;

    public IReadOnlyList<Precision> Precisions => inner.Precisions;

    public long MemoryBytes => inner.MemoryBytes;

    public long AvailableBytes => Available?.Invoke() ?? inner.AvailableBytes;

    public bool UsesHostMemory => inner.UsesHostMemory;

    public IBackendSession Open(Graph graph, PlanPurpose purpose, int concurrency = 1)
    {
        Opening(graph);
        return new Session(this, inner.Open(graph, purpose, concurrency));
    }

    public IDeviceMemory Allocate(long bytes)
    {
        Count();
        return inner.Allocate(bytes);
    }

    public void Dispose()
    {
    }

    private void Count()
    {
        if (calls++ == failing)
            throw new BackendException($"Call {failing} was made to fail.", "none");
    }

    private sealed class Session(FaultyBackend owner, IBackendSession session) : IBackendSession, IStepWork
    {
        public IValueLayouts Layouts => session.Layouts;

        public IValueTransfers Transfers { get; } = owner.Transferring(session.Transfers);

        public IStepWork StepWork => this;

        public IParameterCopies? ParameterCopies => session.ParameterCopies;

        public IReclaimableMemory? ReclaimableMemory => session.ReclaimableMemory;

        public long OwnBytes => session.OwnBytes;

        public bool RunsAhead => session.RunsAhead;

        public void PrepareAhead(IReadOnlyList<Op> ops, CancellationToken cancellation) => session.PrepareAhead(ops, cancellation);

        public PreparedCall Prepare(Op op)
        {
            owner.Count();
            return owner.Replace(op, session.Prepare(op));
        }

        public IDeviceMemory Allocate(long bytes)
        {
            owner.Count();
            return session.Allocate(bytes);
        }

        public PreparedWork PrepareCheck(nint loss, nint invalid, long count, nint gradients)
        {
            owner.Count();
            return session.StepWork.PrepareCheck(loss, invalid, count, gradients);
        }

        public StepCheck LastCheck() => session.StepWork.LastCheck();

        public PreparedWork PrepareAccumulate(long count, nint x, nint y)
        {
            owner.Count();
            return session.StepWork.PrepareAccumulate(count, x, y);
        }

        public PreparedWork PrepareClip(long count, nint x, float maxNorm)
        {
            owner.Count();
            return session.StepWork.PrepareClip(count, x, maxNorm);
        }

        public ParameterUpdate PrepareUpdate(
            in SgdArguments arguments, long count, nint parameters, nint copy, nint gradients, nint velocity)
        {
            owner.Count();
            return session.StepWork.PrepareUpdate(arguments, count, parameters, copy, gradients, velocity);
        }

        public PreparedWork Record(Action work) => session.Record(work);

        public ICallClock CreateClock(int marks) => session.CreateClock(marks);

        public void Synchronize() => session.Synchronize();

        public void Perform(Action work) => session.Perform(work);

        public void Dispose() => session.Dispose();
    }
}
