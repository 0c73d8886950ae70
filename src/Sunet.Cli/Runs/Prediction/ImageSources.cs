using Sunet.Data.Images;
using Sunet.Native;
using Sunet.Native.Files;

namespace Sunet.Cli.Runs.Prediction;

/// <summary>Finds the images a user means.</summary>
internal static class ImageSources
{
    // What systems that keep a file's attributes in a second file put before its name.
    private const string AttributesPrefix = "._";

    /// <summary>
    /// The images of a file, a folder (or where it has none, of its folders, as Cityscapes has one a city), a pattern, or a list. A list is
    /// a text file of one image a line, by its path from the list's folder, or in <c>ImageSets</c> of PASCAL VOC by its name; the extension
    /// may be left out.
    /// </summary>
    /// <exception cref="DataException">There are none, or a list is none.</exception>
    public static FoundImages Find(string source)
    {
        (IEnumerable<string> files, bool isChosen) = List(source);
        ILookup<bool, string> byName = files.Select(Path.GetFullPath).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
            .ToLookup(file => isChosen || IsImage(file));
        string[] images = [.. byName[true]];
        if (images.Length == 0)
        {
            throw new DataException(
                $"'{source}' has no images: there is no {string.Join(", ", ImageFormats.ReadExtensions)} file.", source);
        }

        return new FoundImages(images, [.. byName[false]]);
    }

    /// <returns>The files, and whether the user named each of them, whatever its extension.</returns>
    private static (IEnumerable<string> Files, bool IsChosen) List(string source)
    {
        try
        {
            if (File.Exists(source))
                return (source.EndsWith(".txt", StringComparison.OrdinalIgnoreCase) ? Listed(source) : [source], true);
            if (Directory.Exists(source))
            {
                string[] files = Directory.GetFiles(source);
                if (!files.Any(IsImage))
                    files = [.. files, .. Directory.EnumerateDirectories(source).SelectMany(Directory.GetFiles)];
                return (files, false);
            }

            string pattern = Path.GetFileName(source), folder = Path.GetDirectoryName(source) is { Length: > 0 } parent ? parent : ".";
            if (pattern.AsSpan().ContainsAny('*', '?') && Directory.Exists(folder))
                return (Directory.GetFiles(folder, pattern), false);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"'{source}' cannot be listed: {failure.Message}", source, failure);
        }

        throw new DataException($"'{source}' is not there.", source);
    }

    private static List<string> Listed(string list)
    {
        const long longest = 64 << 20;
        RegularFile.Require(list);
        if (new FileInfo(list).Length > longest)
            throw new DataException($"'{list}' is over 64 MiB, too large for a list of images.", list);
        string folder = Path.GetDirectoryName(Path.GetFullPath(list))!;
        string? sets = Path.GetDirectoryName(folder);
        if (Path.GetFileName(sets) == "ImageSets")
            folder = Path.Combine(Path.GetDirectoryName(sets)!, "JPEGImages");
        var files = new List<string>();
        foreach (string line in File.ReadLines(list).Select(line => line.Trim()).Where(line => line.Length > 0))
        {
            if (line.Contains('\0', StringComparison.Ordinal))
                throw new DataException($"'{list}' is no list of images: it has null characters.", list);
            string file = WithExtension(Path.Combine(folder, line));
            if (Directory.Exists(file))
                throw new DataException($"'{list}' names the folder '{line}' where an image is needed.", list);
            files.Add(file);
        }

        return files;
    }

    /// <summary>An image as it lies there; where there is none, as it is most likely missing.</summary>
    private static string WithExtension(string file)
    {
        if (Path.Exists(file) || IsImage(file))
            return file;
        string? found = ImageFormats.ReadExtensions.Select(extension => file + extension).FirstOrDefault(File.Exists);
        return found ?? file + ImageFormats.ReadExtensions[0];
    }

    private static bool IsImage(string file) =>
        ImageFormats.IsImage(file) && !Path.GetFileName(file).StartsWith(AttributesPrefix, StringComparison.Ordinal);
}
