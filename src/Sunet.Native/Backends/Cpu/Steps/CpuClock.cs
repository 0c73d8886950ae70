using System.Diagnostics;

namespace Sunet.Native.Backends.Cpu.Steps;

/// <summary>The processor's own clock: calls are done when they return.</summary>
internal sealed class CpuClock(int marks) : ICallClock
{
    private readonly long[] times = new long[marks];

    public void Mark(int mark) => times[mark] = Stopwatch.GetTimestamp();

    public double Milliseconds(int from, int to) => Stopwatch.GetElapsedTime(times[from], times[to]).TotalMilliseconds;

    public void Dispose()
    {
        // Nothing is held.
    }
}
