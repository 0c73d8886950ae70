using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Sunet.Native.Files;

/// <summary>
/// Names for files that are written beside their destination and then renamed. No two writers have the same one, in whatever process, so
/// that each creates its own and none overwrites another's.
/// </summary>
internal static class TemporaryFile
{
    private const string Prefix = ".sunet-";
    private const string Suffix = ".tmp";

    // Tells this process's temporaries from those a killed process left behind; process ids repeat, above all in containers.
    private static readonly string ProcessToken = Guid.NewGuid().ToString("N")[..12];
    private static long count;

    /// <summary>
    /// Gives a path that no file has. A caller that creates the file uses <see cref="FileMode.CreateNew"/> and <see
    /// cref="FileShare.None"/>.
    /// </summary>
    /// <param name="folder">The destination's folder.</param>
    public static string NextIn(string folder) => Path.Combine(folder, string.Create(
        CultureInfo.InvariantCulture, $"{Prefix}{ProcessToken}-{Interlocked.Increment(ref count)}{Suffix}"));

    /// <summary>
    /// Removes what killed processes left in a folder. A living writer's files are locked and stay, and so does what cannot be removed.
    /// </summary>
    /// <param name="folder">The folder; it need not exist.</param>
    public static void RemoveStale(string folder)
    {
        try
        {
            foreach (string path in Directory.EnumerateFiles(folder, Prefix + "*" + Suffix))
            {
                if (!Path.GetFileName(path).StartsWith(Prefix + ProcessToken, StringComparison.Ordinal))
                    RemoveUnlessLocked(path);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Leftovers only take space; the write that follows reports what is wrong with the folder.
        }
    }

    private static void RemoveUnlessLocked(string path)
    {
        try
        {
            RegularFile.Require(path);
            using SafeFileHandle handle = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.None);
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another process is writing it, or may not be tidied up after.
        }
    }
}
