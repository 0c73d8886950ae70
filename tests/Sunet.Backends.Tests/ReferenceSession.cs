using System.Diagnostics;
using Sunet.Native.Backends;
using Sunet.Native.Graphs;

namespace Sunet.Backends.Tests;

/// <summary>One graph on the reference backend: every call is done when it returns, on the caller's thread.</summary>
internal sealed class ReferenceSession : IBackendSession
{
    private readonly ReferenceValues values = new();
    private readonly ReferenceStepWork stepWork = new();

    public IValueLayouts Layouts => values;

    public IValueTransfers Transfers => values;

    public IStepWork StepWork => stepWork;

    public IParameterCopies? ParameterCopies => null;

    public IReclaimableMemory? ReclaimableMemory => null;

    public long OwnBytes => 0;

    public bool RunsAhead => false;

    public PreparedCall Prepare(Op op) => new ReferenceCall(op, stepWork);

    public IDeviceMemory Allocate(long bytes) => new ReferenceMemory(bytes);

    public PreparedWork Record(Action work) => new ReferenceWork(work);

    public ICallClock CreateClock(int marks) => new Clock(marks);

    public void Synchronize()
    {
    }

    public void Perform(Action work) => work();

    public void Dispose()
    {
    }

    private sealed class Clock(int marks) : ICallClock
    {
        private readonly long[] times = new long[marks];

        public void Mark(int mark) => times[mark] = Stopwatch.GetTimestamp();

        public double Milliseconds(int from, int to) => Stopwatch.GetElapsedTime(times[from], times[to]).TotalMilliseconds;

        public void Dispose()
        {
        }
    }
}
