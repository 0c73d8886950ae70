namespace Sunet.Data.Datasets.Layouts;

/// <summary>
/// Finds the file of a name in a folder where only how it ends is open. The folder is listed once, at the first name that does not end as
/// most do.
/// </summary>
/// <param name="folder">The folder, which need not be there.</param>
internal sealed class FileLookup(string folder)
{
    private Dictionary<string, string>? files;
    private ILookup<string, string>? stems;

    /// <summary>A file by its name and one of some endings, in their order and in any letter case.</summary>
    /// <param name="name">The name without its ending, as a path below the folder.</param>
    /// <param name="endings">Such as <c>.jpg</c> or <c>_mask.png</c>; that of most files comes first.</param>
    /// <returns>The path; null where there is none.</returns>
    public string? Find(string name, params IReadOnlyList<string> endings)
    {
        string likely = Path.Combine(folder, name + endings[0]);
        return File.Exists(likely) ? likely : endings.Select(ending => Listed(name, ending)).FirstOrDefault(found => found is not null);
    }

    /// <summary>A file that has a name and any extension; null where there is none.</summary>
    /// <param name="name">The name without extension, as a path below the folder.</param>
    public string? FindAny(string name)
    {
        files ??= List();
        stems ??= files.Values.ToLookup(file => FileTree.Stem(folder, file), StringComparer.Ordinal);
        return stems[name].FirstOrDefault();
    }

    private string? Listed(string name, string ending)
    {
        files ??= List();
        string? found = files.GetValueOrDefault(name + ending);
        return found is not null && found.EndsWith(ending, StringComparison.OrdinalIgnoreCase)
            && NameOf(found).StartsWith(name, StringComparison.Ordinal) ? found : null;
    }

    private Dictionary<string, string> List()
    {
        var listed = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (string file in FileTree.Files(folder, Ignore))
            listed.TryAdd(NameOf(file), file);
        return listed;
    }

    private string NameOf(string file) => Path.GetRelativePath(folder, file).Replace('\\', '/');

    // What cannot be listed is reported by whoever checks the folder.
    private static void Ignore(string path, string problem)
    {
    }
}
