using System.Globalization;

namespace Sunet.Native.Interop.Host;

/// <summary>
/// Reads the limits that Linux's control groups, such as those of a container, set for this process: the least of its own group and of all
/// groups that contain it. Both versions are read, each limit from whichever has it. Where there are no groups, there is no limit.
/// </summary>
/// <param name="root">The folder that stands for the file system's root.</param>
internal sealed class ControlGroup(string root)
{
    private const int MountRoot = 3, MountPoint = 4; // fields of a line of mountinfo, which ends in type, source and options

    /// <summary>The groups of this process.</summary>
    public static ControlGroup Own { get; } = new("/");

    /// <summary>The memory that the process and those of its groups may use at most, in bytes.</summary>
    public long MemoryLimit() => Least("memory", folder => FirstNumber(folder, "memory.max", "memory.limit_in_bytes"));

    /// <summary>
    /// Gives the number of bytes that may still be used. Memory that caches files counts as free, since the system reclaims it when memory
    /// is needed.
    /// </summary>
    public long MemoryLeft() => Least("memory", folder =>
    {
        if (FirstNumber(folder, "memory.max", "memory.limit_in_bytes") is not { } limit
            || FirstNumber(folder, "memory.current", "memory.usage_in_bytes") is not { } used)
        {
            return null;
        }

        Dictionary<string, long> parts = Numbers(Path.Combine(folder, "memory.stat"));
        return limit - used + Math.Min(Part("active_file") + Part("inactive_file"), used);

        // Version 1 has the group's own under the plain name, and that of its tree, which the limit is for, under another.
        long Part(string name) => parts.GetValueOrDefault("total_" + name, parts.GetValueOrDefault(name));
    });

    /// <summary>How many threads may still be started.</summary>
    public long ThreadsLeft() => Least("pids", folder =>
        FirstNumber(folder, "pids.max") is { } limit && FirstNumber(folder, "pids.current") is { } used ? limit - used : null);

    private long Least(string controller, Func<string, long?> read) =>
        Folders(controller).Select(read).Where(n => n is not null).Select(n => Math.Max(0, n!.Value)).DefaultIfEmpty(long.MaxValue).Min();

    /// <summary>The process's group of a controller and those it lies in, of either version.</summary>
    private IEnumerable<string> Folders(string controller)
    {
        foreach (string line in Lines("proc/self/cgroup"))
        {
            // Such as '4:memory:/a/group', or '0::/a/group' in version 2, which has one tree for all controllers.
            string[] parts = line.Split(':', 3);
            if (parts.Length != 3 || (parts[1].Length > 0 && !parts[1].Split(',').Contains(controller)))
                continue;
            if (Mount(parts[1].Length == 0 ? null : controller) is not var (mounted, point))
                continue;
            string within = mounted == "/" ? parts[2]
                : parts[2] == mounted || parts[2].StartsWith(mounted + "/", StringComparison.Ordinal) ? parts[2][mounted.Length..]
                : ""; // another part of the tree is mounted: what is seen of it is this process's
            string[] names = within.Split('/', StringSplitOptions.RemoveEmptyEntries);
            if (names.Contains(".."))
                names = [];
            for (int depth = names.Length; depth >= 0; depth--)
                yield return Path.Combine([root, point.TrimStart('/'), .. names[..depth]]);
        }
    }

    /// <summary>Which group of a tree is mounted, and where; null as the controller means version 2.</summary>
    private (string Root, string Point)? Mount(string? controller)
    {
        foreach (string line in Lines("proc/self/mountinfo"))
        {
            string[] halves = line.Split(" - ", 2);
            string[] fields = halves[0].Split(' ');
            if (halves.Length != 2 || fields.Length <= MountPoint)
                continue;
            string[] kind = halves[1].Split(' ');
            bool isIt = controller is null ? kind[0] == "cgroup2" : kind[0] == "cgroup" && kind[^1].Split(',').Contains(controller);
            if (isIt)
                return (fields[MountRoot], fields[MountPoint]);
        }

        return null;
    }

    private static long? FirstNumber(string folder, params ReadOnlySpan<string> files)
    {
        foreach (string file in files)
        {
            if (TryRead(Path.Combine(folder, file)) is [var text, ..])
                return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;
        }

        return null;
    }

    private static Dictionary<string, long> Numbers(string file)
    {
        var numbers = new Dictionary<string, long>();
        foreach (string line in TryRead(file))
        {
            if (line.Split(' ') is [var name, var text]
                && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number))
            {
                numbers[name] = number;
            }
        }

        return numbers;
    }

    private string[] Lines(string file) => TryRead(Path.Combine(root, file));

    /// <summary>The lines of a file; none where it is not there or not to be read, as on other systems.</summary>
    private static string[] TryRead(string file)
    {
        try
        {
            return File.Exists(file) ? File.ReadAllLines(file) : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
