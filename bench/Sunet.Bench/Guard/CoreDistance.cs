using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Sunet.Bench.Guard;

/// <summary>
/// How far two threads are apart. A virtual machine's processors may share a cache or be on different dies, from one run to the next, and
/// whatever one thread writes and another reads takes several times as long then: figures of two such runs are not to be compared.
/// </summary>
internal static class CoreDistance
{
    private const int RoundTrips = 200_000;

    /// <summary>Nanoseconds in which a cache line goes from one thread to another and back; null where there is one processor.</summary>
    public static double? Nanoseconds()
    {
        if (Environment.ProcessorCount < 2)
            return null;
        var line = new Line();
        var echo = new Thread(() =>
        {
            for (int i = 0; i < RoundTrips; i++)
                line.Pass((2 * i) + 1);
        });
        echo.Start();
        line.Pass(0);
        long started = Stopwatch.GetTimestamp();
        for (int i = 1; i < RoundTrips; i++)
            line.Pass(2 * i);
        double elapsed = Stopwatch.GetElapsedTime(started).TotalNanoseconds;
        echo.Join();
        return elapsed / (RoundTrips - 1);
    }

    /// <summary>A number that threads increment by turns, alone in what processors move at once.</summary>
    private sealed class Line
    {
        private Padded padded;

        /// <summary>Waits for the number and increments it.</summary>
        public void Pass(int awaited)
        {
            while (Volatile.Read(ref padded.Number) != awaited)
            {
                // Whoever has the turn is running.
            }

            Volatile.Write(ref padded.Number, awaited + 1);
        }

        [StructLayout(LayoutKind.Explicit, Size = 256)]
        private struct Padded
        {
            [FieldOffset(128)]
            public int Number;
        }
    }
}
