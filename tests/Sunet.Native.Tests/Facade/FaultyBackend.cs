using Sunet.Native.Compilation;
using Sunet.Native.Graphs;

namespace Sunet.Native.Tests.Facade;

/// <summary>A backend whose Nth call that makes something fails; everything else is the inner backend's.</summary>
internal sealed class FaultyBackend(IBackend inner, int failing) : IBackend
{
    private int calls;

    public string Name => inner.Name;

    public string Description => inner.Description;

    public IBackendSession Open(PlanPurpose purpose) => new Session(this, inner.Open(purpose));

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
            return session.Prepare(op);
        }

        public IDeviceMemory Allocate(long bytes)
        {
            owner.Count();
            return session.Allocate(bytes);
        }

        public long BytesOf(Value value) => session.BytesOf(value);

        public string FormatOf(Value value) => session.FormatOf(value);

        public void Upload(Value value, nint address, ReadOnlySpan<float> elements) => session.Upload(value, address, elements);

        public void Upload(Value value, nint address, ReadOnlySpan<int> elements) => session.Upload(value, address, elements);

        public void Download(Value value, nint address, Span<float> elements) => session.Download(value, address, elements);

        public void Download(Value value, nint address, Span<int> elements) => session.Download(value, address, elements);

        public void Download(Value value, nint address, Span<byte> elements) => session.Download(value, address, elements);

        public void SgdUpdate(in SgdArguments arguments, long count, nint parameters, nint gradients, nint velocity) =>
            session.SgdUpdate(arguments, count, parameters, gradients, velocity);

        public void Accumulate(long count, nint x, nint y) => session.Accumulate(count, x, y);

        public void Clear(long count, nint elements) => session.Clear(count, elements);

        public bool AllFinite(long count, nint elements) => session.AllFinite(count, elements);

        public void Dispose() => session.Dispose();
    }
}
