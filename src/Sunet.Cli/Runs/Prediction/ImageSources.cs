using Sunet.Native;

namespace Sunet.Cli.Runs.Prediction;

/// <summary>Finds the images a user means.</summary>
internal static class ImageSources
{
    private static readonly string[] Extensions = [".jpg", ".jpeg", ".png"];

    /// <summary>
    /// The images of a file, a folder (or where it has none, of its folders, as Cityscapes has one a city), a pattern, or a list, each with
    /// a name for its results that no other has. A list is a text file of one image a line, by its path from the list's folder, or in
    /// <c>ImageSets</c> of PASCAL VOC by its name.
    /// </summary>
    /// <exception cref="DataException">There are none, or a list is too long to be one.</exception>
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
                return source.EndsWith(".txt", StringComparison.OrdinalIgnoreCase) ? Listed(source) : [source];
            if (Directory.Exists(source))
            {
                string[] images = [.. Directory.EnumerateFiles(source).Where(IsImage)];
                return images.Length > 0
                    ? images
                    : [.. Directory.EnumerateDirectories(source).SelectMany(Directory.EnumerateFiles).Where(IsImage)];
            }

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

    private static string[] Listed(string list)
    {
        const long longest = 64 << 20;
        if (new FileInfo(list).Length > longest)
            throw new DataException($"'{list}' has more than {longest:N0} bytes, too many for a list of images.", list);
        string folder = Path.GetDirectoryName(Path.GetFullPath(list))!;
        string? sets = Path.GetDirectoryName(folder);
        string? images = Path.GetFileName(sets) == "ImageSets" ? Path.Combine(Path.GetDirectoryName(sets)!, "JPEGImages") : null;
        return
        [
            .. File.ReadLines(list).Select(line => line.Trim()).Where(line => line.Length > 0)
                .Select(line => images is null ? Path.Combine(folder, line) : Path.Combine(images, line + ".jpg")),
        ];
    }

    private static bool IsImage(string file) => Extensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase);
}
