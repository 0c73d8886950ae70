using System.Globalization;

namespace Sunet.Cli.Runs.Timing;

/// <summary>What a process holds in memory, by the system's own count; Linux only.</summary>
internal static class ResidentMemory
{
    private const long Kibibyte = 1 << 10;

    /// <summary>The bytes of this process now; null where the system does not tell.</summary>
    public static long? Now => Read("self", "VmRSS:");

    /// <summary>The most bytes this process ever had; null where the system does not tell.</summary>
    public static long? Peak => Read("self", "VmHWM:");

    /// <summary>
    /// By how much the most that this process holds while something runs exceeds what it held before; null where the system does not tell.
    /// </summary>
    public static long? Growth(Action work)
    {
        const string PeakBecomesPresent = "5";
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        try
        {
            File.WriteAllText("/proc/self/clear_refs", PeakBecomesPresent);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }

        long? before = Now;
        work();
        return Peak - before;
    }

    /// <summary>The most bytes another process ever had; null where the system does not tell, or once it has ended.</summary>
    public static long? PeakOf(int process) => Read(process.ToString(CultureInfo.InvariantCulture), "VmHWM:");

    private static long? Read(string process, string key)
    {
        string path = $"/proc/{process}/status";
        try
        {
            string? line = File.Exists(path)
                ? File.ReadLines(path).FirstOrDefault(l => l.StartsWith(key, StringComparison.Ordinal))
                : null;
            return line is null ? null : Kibibyte * long.Parse(line.AsSpan(key.Length).Trim().TrimEnd(" kB"), CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            // It has ended meanwhile.
            return null;
        }
    }
}
