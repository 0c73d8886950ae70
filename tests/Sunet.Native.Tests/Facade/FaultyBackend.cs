using Sunet.Native.Backends;
using Sunet.Native.Graphs;

namespace Sunet.Native.Tests.Facade;

/// <summary>A backend whose Nth call that makes something fails; everything else is the inner backend's.</summary>
internal sealed class FaultyBackend(IBackend inner, int failing = -1) : IBackend
{
    private int calls;

    /// <summary>Replaces calls as they are prepared: how tests plant ops that compute wrongly.</summary>
    public Func<Op, PreparedCall, PreparedCall> Replace { get; init; } = (_, call) => call;

    /// <summary>What sessions say that there is; null for what the inner backend's say.</summary>
    public long? AvailableBytes { get; init; }

    public string Name => inner.Name;

    public string Description => inner.Description;

    public IBackendSession Open(Graph graph, PlanPurpose purpose) => new Session(this, inner.Open(graph, purpose));

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

    private sealed class Session(FaultyBackend owner, IBackendSession session) : IBackendSession
    {
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

        public long BytesOf(Value value) => session.BytesOf(value);

        public string FormatOf(Value value) => session.FormatOf(value);

        public string? SharedFormatOf(Value value) => session.SharedFormatOf(value);

        public void Upload(Value value, nint address, ReadOnlySpan<float> elements) => session.Upload(value, address, elements);

        public void Upload(Value value, nint address, ReadOnlySpan<int> elements) => session.Upload(value, address, elements);

        public void Upload(Value value, nint address, ReadOnlySpan<byte> elements) => session.Upload(value, address, elements);

        public void Download(Value value, nint address, Span<float> elements) => session.Download(value, address, elements);

        public void Download(Value value, nint address, Span<int> elements) => session.Download(value, address, elements);

        public void Download(Value value, nint address, Span<byte> elements) => session.Download(value, address, elements);

        public int ParameterCopyBytes => session.ParameterCopyBytes;

        public long OwnBytes => session.OwnBytes;

        public (Value Host, long Offset)? ViewOf(Value value) => session.ViewOf(value);

        public long AvailableBytes => owner.AvailableBytes ?? session.AvailableBytes;

        public bool UsesHostMemory => session.UsesHostMemory;

        public void UploadFrom(Value value, nint address, nint elements) => session.UploadFrom(value, address, elements);

        public void DownloadTo(Value value, nint address, nint elements) => session.DownloadTo(value, address, elements);

        public void PrepareAhead(IReadOnlyList<Op> ops, CancellationToken cancellation) => session.PrepareAhead(ops, cancellation);

        public bool RunsAhead => session.RunsAhead;

        public bool AllFinite(Value value, nint address) => session.AllFinite(value, address);

        public void Clear(long bytes, nint address) => session.Clear(bytes, address);

        public bool CanForget => session.CanForget;

        public void Forget(long bytes, nint address) => session.Forget(bytes, address);

        public void Provide(long bytes, nint address) => session.Provide(bytes, address);

        public void RefreshCopy(long count, nint parameters, nint copy) => session.RefreshCopy(count, parameters, copy);

        public ParameterUpdate PrepareUpdate(in SgdArguments arguments, long count, nint parameters, nint copy, nint gradients, nint velocity)
        {
            owner.Count();
            return session.PrepareUpdate(arguments, count, parameters, copy, gradients, velocity);
        }

        public PreparedWork PrepareAccumulate(long count, nint x, nint y)
        {
            owner.Count();
            return session.PrepareAccumulate(count, x, y);
        }

        public PreparedWork PrepareJudgement(nint loss, nint invalid, long count, nint gradients)
        {
            owner.Count();
            return session.PrepareJudgement(loss, invalid, count, gradients);
        }

        public StepVerdict Verdict() => session.Verdict();

        public PreparedWork Record(Action work) => session.Record(work);

        public ICallClock CreateClock(int marks) => session.CreateClock(marks);

        public void Synchronize() => session.Synchronize();

        public void Perform(Action work) => session.Perform(work);

        public void Dispose() => session.Dispose();
    }
}
