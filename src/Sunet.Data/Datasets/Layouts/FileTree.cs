namespace Sunet.Data.Datasets.Layouts;

/// <summary>
/// Walks folders without following a symbolic link into a loop. Names that begin with a dot are passed over: what systems and tools keep
/// beside a user's files, such as the <c>._photo.jpg</c> of macOS or <c>.ipynb_checkpoints</c>.
/// </summary>
internal static class FileTree
{
    /// <summary>Every file below a folder, in ordinal order of relative path.</summary>
    /// <param name="folder">Where to begin; nothing is found where it does not exist.</param>
    /// <param name="report">Told of each entry that cannot be followed, as (path, problem).</param>
    public static List<string> Files(string folder, Action<string, string> report)
    {
        var files = new List<string>();
        if (Directory.Exists(folder))
            Collect(folder, Path.GetFullPath(folder), [], files, report);
        files.Sort(StringComparer.Ordinal);
        return files;
    }

    /// <summary>The names, without extension and in ordinal order, of what lies directly in a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="list">Lists the paths wanted.</param>
    /// <exception cref="DataException">The folder cannot be read.</exception>
    public static IReadOnlyList<string> Names(string folder, Func<string, string[]> list)
    {
        try
        {
            return [.. list(folder).Where(IsVisible).Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal)];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"'{folder}' cannot be read: {failure.Message}", folder, failure);
        }
    }

    /// <summary>Whether an entry of a folder is not hidden.</summary>
    public static bool IsVisible(string path) => !Path.GetFileName(path).StartsWith('.');

    /// <summary>A path inside a folder with its extension cut off and forward slashes: the name of an image and of its mask.</summary>
    public static string Stem(string folder, string path) =>
        Path.ChangeExtension(Path.GetRelativePath(folder, path), null).Replace('\\', '/');

    /// <summary>Whether a path lies below a folder; both are absolute.</summary>
    public static bool IsBelow(string path, string folder) =>
        path.StartsWith(Path.TrimEndingDirectorySeparator(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    /// <summary>Whether a path that a list gives relative to a folder names something in that folder.</summary>
    public static bool StaysInside(string path) => !Path.IsPathRooted(path) && !path.Split('/', '\\').Contains("..");

    private static void Collect(
        string folder, string real, List<string> ancestors, List<string> files, Action<string, string> report)
    {
        try
        {
            real = new DirectoryInfo(folder).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? real;
            if (ancestors.Any(ancestor => Contains(real, ancestor)))
            {
                report(folder, $"'{folder}' is a symbolic link to a folder that contains it.");
                return;
            }

            ancestors.Add(real);
            files.AddRange(Directory.GetFiles(folder).Where(file => IsVisible(file) && IsReadable(file, report)));
            foreach (string child in Directory.GetDirectories(folder).Where(IsVisible).Order(StringComparer.Ordinal))
                Collect(child, Path.Combine(real, Path.GetFileName(child)), ancestors, files, report);
            ancestors.RemoveAt(ancestors.Count - 1);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            report(folder, $"'{folder}' cannot be read: {failure.Message}");
        }
    }

    private static bool Contains(string outer, string inner) => inner == outer || IsBelow(inner, outer);

    private static bool IsReadable(string file, Action<string, string> report)
    {
        var info = new FileInfo(file);
        if (info.LinkTarget is null)
            return true;
        try
        {
            if (info.ResolveLinkTarget(returnFinalTarget: true) is { Exists: true })
                return true;
            report(file, $"'{file}' is a symbolic link to nothing.");
        }
        catch (IOException)
        {
            report(file, $"'{file}' is a symbolic link that leads back to itself.");
        }

        return false;
    }
}
