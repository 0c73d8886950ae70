using System.Runtime.InteropServices;
using Sunet.Native.Interop.Cpu;

namespace Sunet.Native.Tests.Facade;

/// <summary>What repeating a step leaves behind or allocates, by four counters.</summary>
/// <param name="ThreadBytes">Managed bytes allocated by the calling thread.</param>
/// <param name="ProcessBytes">Managed bytes allocated by any thread.</param>
/// <param name="NativeCalls">Allocations and creations inside the native library.</param>
/// <param name="HeapGrowth">
/// Bytes in use on the C heap, after minus before. A call of oneDNN may allocate a small map of its arguments and free it again before it
/// returns: that nets to zero here and is not counted.
/// </param>
internal readonly partial record struct SteadyMeter(long ThreadBytes, long ProcessBytes, long NativeCalls, long HeapGrowth)
{
    private const int Rounds = 8, WindowsPerRound = 11, StepsPerWindow = 4, PauseMilliseconds = 150;

    /// <summary>
    /// The least that any of several windows shows, and a round's median for the heap, where others free as well as allocate. The runtime's
    /// own threads (tiered compilation, the test host) are at work now and then, on a busy machine for long, whereas what a step allocates
    /// shows in every window: so the first round that shows nothing ends the measurement, and what all rounds show is the step's. Rounds
    /// keep a distance, for the runtime to come to an end with what it does.
    /// </summary>
    public static SteadyMeter Measure(Action step)
    {
        // Enough calls for every method to be compiled in its last tier, which happens in the background.
        for (int i = 0; i < 40; i++)
            step();
        Thread.Sleep(300);
        step();

        var least = new SteadyMeter(long.MaxValue, long.MaxValue, long.MaxValue, long.MaxValue);
        for (int round = 0; round < Rounds && least != default; round++)
        {
            if (round > 0)
                Thread.Sleep(PauseMilliseconds);
            var growth = new List<long>(WindowsPerRound);
            for (int window = 0; window < WindowsPerRound; window++)
            {
                SteadyMeter grown = Measure(step, StepsPerWindow);
                growth.Add(grown.HeapGrowth);
                least = new SteadyMeter(
                    Math.Min(least.ThreadBytes, grown.ThreadBytes),
                    Math.Min(least.ProcessBytes, grown.ProcessBytes),
                    Math.Min(least.NativeCalls, grown.NativeCalls),
                    0);
            }

            growth.Sort();
            least = least with { HeapGrowth = growth[growth.Count / 2] };
        }

        return least;
    }

    private static SteadyMeter Measure(Action step, int steps)
    {
        SteadyMeter before = Read();
        for (int i = 0; i < steps; i++)
            step();
        SteadyMeter after = Read();
        return new SteadyMeter(
            after.ThreadBytes - before.ThreadBytes, after.ProcessBytes - before.ProcessBytes, after.NativeCalls - before.NativeCalls,
            after.HeapGrowth - before.HeapGrowth);
    }

    private static SteadyMeter Read() => new(
        GC.GetAllocatedBytesForCurrentThread(), GC.GetTotalAllocatedBytes(precise: true),
        NativeRuntime.Outstanding.Allocations, HeapInUse());

    /// <summary>Bytes in use on the C heap and in its large mapped blocks; 0 where the C library cannot say.</summary>
    private static long HeapInUse()
    {
        if (!OperatingSystem.IsLinux())
            return 0;
        MallocInformation information = MallInfo2();
        return (long)information.InUse + (long)information.Mapped;
    }

    [LibraryImport("libc.so.6", EntryPoint = "mallinfo2")]
    private static partial MallocInformation MallInfo2();

    /// <summary>glibc's struct mallinfo2.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct MallocInformation
    {
        public readonly nuint Arena, FreeChunks, FastChunks, MappedBlocks, Mapped, MaximumUsed, FastBytes, InUse, Free, Trimmable;
    }
}
