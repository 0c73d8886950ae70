using System.Globalization;

namespace Sunet.Mutation.Tests;

/// <summary>How much memory a piece of work takes at its peak, as the system counts the process's resident pages (Linux).</summary>
internal static class PeakMemory
{
    private const string Status = "/proc/self/status";

    /// <summary>Runs the work.</summary>
    /// <returns>By how many bytes the resident set grew at most.</returns>
    public static long Of(Action work)
    {
        // '5' sets the peak back to what is resident now (proc(5)).
        File.WriteAllText("/proc/self/clear_refs", "5");
        long before = Read("VmRSS:");
        work();
        return Math.Max(0, Read("VmHWM:") - before);
    }

    private static long Read(string key)
    {
        string line = File.ReadLines(Status).First(l => l.StartsWith(key, StringComparison.Ordinal));
        return long.Parse(line[key.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) * 1024;
    }
}
