using System.Globalization;

namespace Sunet.Native.Interop.Host;

/// <summary>The memory of the machine as far as this process may use it.</summary>
internal static class HostMemory
{
    private const string Information = "/proc/meminfo";

    /// <summary>
    /// The memory of the machine in bytes, or the limit of the container's control groups or of the managed heap if that is less.
    /// </summary>
    public static long TotalBytes => Math.Min(
        Read("MemTotal") ?? long.MaxValue, Math.Min(ControlGroup.Own.MemoryLimit(), GC.GetGCMemoryInfo().TotalAvailableMemoryBytes));

    /// <summary>
    /// The memory that can still be used before the system or the container ends processes, in bytes. It includes the memory that caches
    /// files and the memory that the machine can swap out.
    /// </summary>
    public static long AvailableBytes => Math.Min(
        Read("MemAvailable") + Read("SwapFree") ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, ControlGroup.Own.MemoryLeft());

    /// <summary>An entry of Linux's list, in bytes; null on another system.</summary>
    private static long? Read(string entry)
    {
        if (!OperatingSystem.IsLinux())
            return null;
        string? line = File.ReadLines(Information).FirstOrDefault(l => l.StartsWith(entry + ":", StringComparison.Ordinal));
        string? kibibytes = line?.Split([' ', ':'], StringSplitOptions.RemoveEmptyEntries)[1];
        return kibibytes is null ? null : long.Parse(kibibytes, NumberStyles.None, CultureInfo.InvariantCulture) * 1024;
    }
}
