using Sunet.Native.Backends;
using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;
using Sunet.Tests.Lifetimes;

namespace Sunet.Native.Tests.Lifetimes;

/// <summary>
/// A session is below what checks: its caller knows where values lie. With memory that is there, nothing of a disposed one crashes.
/// </summary>
internal sealed class SessionLifetime
{
    private readonly Value floats, ints, bytes;
    private readonly Op op;
    private readonly IBackendSession session;
    private readonly Subject subject;
    private readonly nint at, outside;

    private SessionLifetime((Value Floats, Value Ints, Value Bytes) inputs, Op op, IBackendSession session, nint at, Subject subject)
    {
        (floats, ints, bytes) = inputs;
        this.op = op;
        this.session = session;
        this.subject = subject;
        (this.at, outside) = (at, at + 2048);
    }

    /// <summary>The session's own members.</summary>
    public static Lifetime Of(IBackend backend) => Open(backend).OfSession();

    /// <summary>Each part of a session that the device has.</summary>
    public static IEnumerable<Lifetime> OfParts(IBackend backend)
    {
        yield return Open(backend).OfLayouts();
        yield return Open(backend).OfTransfers();
        yield return Open(backend).OfStepWork();
        if (Open(backend).OfParameterCopies() is { } copies)
            yield return copies;
        if (Open(backend).OfReclaimableMemory() is { } memory)
            yield return memory;
    }

    private static SessionLifetime Open(IBackend backend)
    {
        var graph = new Graph();
        Value floats = graph.Input("floats", new Shape(1, 3, 4, 4)), ints = graph.Input("ints", new Shape(1, 4, 4), DataType.Int32),
            bytes = graph.Input("bytes", new Shape(1, 4, 4), DataType.UInt8);
        Op op = graph.Add(new Relu("relu", floats));
        IBackendSession session = backend.Open(graph, PlanPurpose.Training);
        session.Prepare(op).Dispose();
        IDeviceMemory memory = backend.Allocate(4096);
        return new SessionLifetime((floats, ints, bytes), op, session, memory.Address, new Subject(session, memory));
    }

    private Lifetime OfSession() => new Lifetime(typeof(IBackendSession), subject)
        .Answers("Layouts", () => _ = session.Layouts)
        .Answers("Transfers", () => _ = session.Transfers)
        .Answers("StepWork", () => _ = session.StepWork)
        .Answers("ParameterCopies", () => _ = session.ParameterCopies)
        .Answers("ReclaimableMemory", () => _ = session.ReclaimableMemory)
        .Answers("OwnBytes", () => _ = session.OwnBytes)
        .Answers("RunsAhead", () => _ = session.RunsAhead)
        .Survives("PrepareAhead(IReadOnlyList<Op>, CancellationToken)", () => session.PrepareAhead([op], CancellationToken.None))
        .Survives("Prepare(Op)", () => session.Prepare(op).Dispose())
        .Survives("Allocate(Int64)", () => session.Allocate(64).Dispose())
        .Survives("Record(Action)", () => Once(session.Record(() => session.Transfers.Clear(64, at))))
        .Survives("CreateClock(Int32)", () => session.CreateClock(1).Dispose())
        .Survives("Synchronize()", session.Synchronize)
        .Survives("Perform(Action)", () => session.Perform(() => { }));

    private Lifetime OfLayouts() => new Lifetime(typeof(IValueLayouts), subject)
        .Answers("BytesOf(Value)", () => session.Layouts.BytesOf(floats))
        .Answers("ViewOf(Value)", () => session.Layouts.ViewOf(floats))
        .Answers("FormatOf(Value)", () => session.Layouts.FormatOf(floats))
        .Answers("SharedFormatOf(Value)", () => session.Layouts.SharedFormatOf(floats));

    private Lifetime OfTransfers() => new Lifetime(typeof(IValueTransfers), subject)
        .Survives("Upload(Value, IntPtr, ReadOnlySpan<Byte>)", () =>
        {
            session.Transfers.Upload(floats, at, new byte[48 * sizeof(float)]);
            session.Transfers.Upload(ints, at, new byte[16 * sizeof(int)]);
            session.Transfers.Upload(bytes, at, new byte[16]);
        })
        .Survives("Staging(Value, IntPtr)", () => session.Transfers.Staging(bytes, at))
        .Survives("Fetch(Value, IntPtr)", () => session.Transfers.Fetch(bytes, at))
        .Survives("UploadFrom(Value, IntPtr, IntPtr)", () => session.Transfers.UploadFrom(floats, at, outside))
        .Survives("DownloadTo(Value, IntPtr, IntPtr)", () => session.Transfers.DownloadTo(floats, at, outside))
        .Survives("Download(Value, IntPtr, Span<Byte>)", () =>
        {
            session.Transfers.Download(floats, at, new byte[48 * sizeof(float)]);
            session.Transfers.Download(ints, at, new byte[16 * sizeof(int)]);
            session.Transfers.Download(bytes, at, new byte[16]);
        })
        .Survives("AllFinite(Value, IntPtr)", () => session.Transfers.AllFinite(floats, at))
        .Survives("Clear(Int64, IntPtr)", () => session.Transfers.Clear(64, at));

    private Lifetime OfStepWork() => new Lifetime(typeof(IStepWork), subject)
        .Survives("PrepareUpdate(SgdArguments, Int64, IntPtr, IntPtr, IntPtr, IntPtr)", () => session.StepWork.PrepareUpdate(
            new SgdArguments(0.9f, 0, 0, 1, false), 16, at, 0, at + 256, at + 512).Dispose())
        .Survives("PrepareAccumulate(Int64, IntPtr, IntPtr)", () => Once(session.StepWork.PrepareAccumulate(16, at, outside)))
        .Survives("PrepareClip(Int64, IntPtr, Single)", () => Once(session.StepWork.PrepareClip(16, at, 1)))
        .Survives("PrepareCheck(IntPtr, IntPtr, Int64, IntPtr)", () => Once(session.StepWork.PrepareCheck(at, at + 64, 16, at + 128)))
        .Survives("LastCheck()", () => session.StepWork.LastCheck());

    private Lifetime? OfParameterCopies() => session.ParameterCopies is not { } copies
        ? Unneeded()
        : new Lifetime(typeof(IParameterCopies), subject)
            .Answers("ElementBytes", () => _ = copies.ElementBytes)
            .Survives("Refresh(Int64, IntPtr, IntPtr)", () => copies.Refresh(16, at, outside));

    private Lifetime? OfReclaimableMemory() => session.ReclaimableMemory is not { } memory
        ? Unneeded()
        : new Lifetime(typeof(IReclaimableMemory), subject)
            .Survives("Reclaim(Int64, IntPtr)", () => memory.Reclaim(64, at))
            .Survives("Provide(Int64, IntPtr)", () => memory.Provide(64, at));

    private Lifetime? Unneeded()
    {
        subject.DisposeAll();
        return null;
    }

    private static void Once(PreparedWork work)
    {
        using (work)
            work.Run();
    }

    /// <summary>The session; the memory that it is tried on is there until the last call.</summary>
    private sealed class Subject(IBackendSession session, IDeviceMemory memory) : IDisposable
    {
        private int disposals;

        public void DisposeAll()
        {
            session.Dispose();
            memory.Dispose();
        }

        public void Dispose()
        {
            session.Dispose();
            if (++disposals == 3)
                memory.Dispose();
        }
    }
}
