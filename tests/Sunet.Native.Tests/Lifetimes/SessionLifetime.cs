using Sunet.Native.Backends;
using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;
using Sunet.Tests.Lifetimes;

namespace Sunet.Native.Tests.Lifetimes;

/// <summary>
/// A session is below what checks: its caller knows where values lie. With memory that is there, nothing of a disposed one crashes.
/// </summary>
internal static class SessionLifetime
{
    public static Lifetime Of(IBackend backend, Device device)
    {
        var graph = new Graph();
        Value floats = graph.Input("floats", new Shape(1, 3, 4, 4)), ints = graph.Input("ints", new Shape(1, 4, 4), DataType.Int32),
            bytes = graph.Input("bytes", new Shape(1, 4, 4), DataType.UInt8);
        Op op = graph.Add(new Relu("relu", floats));
        IBackendSession session = backend.Open(graph, PlanPurpose.Training);
        session.Prepare(op).Dispose();
        IDeviceMemory memory = backend.Allocate(4096);
        nint at = memory.Address, outside = memory.Address + 2048;
        var arguments = new SgdArguments(0.9f, 0, 0, 1, false);
        var subject = new Subject(session, memory);
        Lifetime lifetime = new Lifetime(typeof(IBackendSession), subject)
            .Answers("BytesOf(Value)", () => session.BytesOf(floats))
            .Answers("ViewOf(Value)", () => session.ViewOf(floats))
            .Answers("FormatOf(Value)", () => session.FormatOf(floats))
            .Answers("SharedFormatOf(Value)", () => session.SharedFormatOf(floats))
            .Answers("ParameterCopyBytes", () => _ = session.ParameterCopyBytes)
            .Answers("OwnBytes", () => _ = session.OwnBytes)
            .Answers("UsesHostMemory", () => _ = session.UsesHostMemory)
            .Answers("AvailableBytes", () => _ = session.AvailableBytes)
            .Answers("RunsAhead", () => _ = session.RunsAhead)
            .Answers("CanForget", () => _ = session.CanForget);
        return lifetime
            .Survives("PrepareAhead(IReadOnlyList<Op>, CancellationToken)", () => session.PrepareAhead([op], CancellationToken.None))
            .Survives("Prepare(Op)", () => session.Prepare(op).Dispose())
            .Survives("Allocate(Int64)", () => session.Allocate(64).Dispose())
            .Survives("Upload(Value, IntPtr, ReadOnlySpan<Single>)", () => session.Upload(floats, at, new float[48]))
            .Survives("Upload(Value, IntPtr, ReadOnlySpan<Int32>)", () => session.Upload(ints, at, new int[16]))
            .Survives("Upload(Value, IntPtr, ReadOnlySpan<Byte>)", () => session.Upload(bytes, at, new byte[16]))
            .Survives("UploadFrom(Value, IntPtr, IntPtr)", () => session.UploadFrom(floats, at, outside))
            .Survives("DownloadTo(Value, IntPtr, IntPtr)", () => session.DownloadTo(floats, at, outside))
            .Survives("Download(Value, IntPtr, Span<Single>)", () => session.Download(floats, at, new float[48]))
            .Survives("Download(Value, IntPtr, Span<Int32>)", () => session.Download(ints, at, new int[16]))
            .Survives("Download(Value, IntPtr, Span<Byte>)", () => session.Download(bytes, at, new byte[16]))
            .Survives("AllFinite(Value, IntPtr)", () => session.AllFinite(floats, at))
            .Survives("Clear(Int64, IntPtr)", () => session.Clear(64, at))
            .Survives("Forget(Int64, IntPtr)", () => session.Forget(64, at))
            .Survives("Provide(Int64, IntPtr)", () => session.Provide(64, at))
            .Survives("RefreshCopy(Int64, IntPtr, IntPtr)", () =>
            {
                // The CPU keeps no copies.
                if (device == Device.Cuda)
                    session.RefreshCopy(16, at, outside);
            })
            .Survives("PrepareUpdate(SgdArguments, Int64, IntPtr, IntPtr, IntPtr, IntPtr)",
                () => session.PrepareUpdate(arguments, 16, at, 0, at + 256, at + 512).Dispose())
            .Survives("PrepareAccumulate(Int64, IntPtr, IntPtr)", () => Once(session.PrepareAccumulate(16, at, outside)))
            .Survives("PrepareJudgement(IntPtr, IntPtr, Int64, IntPtr)", () => Once(session.PrepareJudgement(at, at + 64, 16, at + 128)))
            .Survives("Verdict()", () => session.Verdict())
            .Survives("Record(Action)", () => Once(session.Record(() => session.Clear(64, at))))
            .Survives("CreateClock(Int32)", () => session.CreateClock(1).Dispose())
            .Survives("Synchronize()", session.Synchronize)
            .Survives("Perform(Action)", () => session.Perform(() => { }));
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

        public void Dispose()
        {
            session.Dispose();
            if (++disposals == 3)
                memory.Dispose();
        }
    }
}
