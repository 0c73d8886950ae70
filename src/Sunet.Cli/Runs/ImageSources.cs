using Sunet.Native;

namespace Sunet.Cli.Runs;

/// <summary>Finds the images a user means.</summary>
internal static class ImageSources
{
    private static readonly string[] Extensions = [".jpg", ".jpeg", ".png"];

    /// <summary>The images of a file, a folder or a pattern, each with a name for its results that no other has.</summary>
    /// <exception cref="DataException">There are none.</exception>
    public static IReadOnlyList<(string Path, string Name)> Find(string source)
    {
        string[] files = List(source);
        if (files.Length == 0)
            throw new DataException($"'{source}' has no images: there is no .jpg, .jpeg or .png file.", source);
        Array.Sort(files, StringComparer.Ordinal);
        HashSet<string> shared = [.. files.GroupBy(Path.GetFileNameWithoutExtension).Where(g => g.Count() > 1).Select(g => g.Key!)];
        return [.. files.Select(f => (f, NameOf(f, shared)))];
    }

    private static string NameOf(string file, HashSet<string> shared)
    {
        string stem = Path.GetFileNameWithoutExtension(file);
        return shared.Contains(stem) ? stem + "_" + Path.GetExtension(file)[1..] : stem;
    }

    private static string[] List(string source)
    {
        try
        {
            if (File.Exists(source))
                return [source];
            if (Directory.Exists(source))
                return [.. Directory.EnumerateFiles(source).Where(IsImage)];
            string pattern = Path.GetFileName(source), folder = Path.GetDirectoryName(source) is { Length: > 0 } parent ? parent : ".";
            if (pattern.AsSpan().ContainsAny('*', '?') && Directory.Exists(folder))
                return [.. Directory.EnumerateFiles(folder, pattern).Where(IsImage)];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"'{source}' cannot be listed: {failure.Message}", source, failure);
        }

        throw new DataException($"'{source}' is not there.", source);
    }

    private static bool IsImage(string file) => Extensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase);
}
