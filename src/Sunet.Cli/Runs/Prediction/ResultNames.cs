using Sunet.Native;

namespace Sunet.Cli.Runs.Prediction;

/// <summary>Names what comes of images, so that every image has results of its own.</summary>
internal static class ResultNames
{
    /// <summary>
    /// The names of the images' results without extension, in the images' order: their paths below the folder that all have in common.
    /// Images of one name in one folder have their extension in it too, as in <c>a_jpg</c> and <c>a_png</c>.
    /// </summary>
    /// <param name="images">Full paths.</param>
    /// <exception cref="DataException">They lie on different drives.</exception>
    public static IReadOnlyList<string> Of(IReadOnlyList<string> images)
    {
        string root = CommonFolder(images);
        string[] stems = [.. images.Select(image => StemOf(Path.GetRelativePath(root, image)))];
        HashSet<string> shared =
            [.. stems.GroupBy(stem => stem, StringComparer.OrdinalIgnoreCase).Where(g => g.Count() > 1).SelectMany(g => g)];
        return [.. stems.Zip(images, (stem, image) =>
            shared.Contains(stem) && Path.GetExtension(image) is { Length: > 0 } extension ? $"{stem}_{extension[1..]}" : stem)];
    }

    /// <summary>
    /// Refuses images whose results would overwrite each other or an image. Names that differ in case alone are the same to many file
    /// systems, and are so here.
    /// </summary>
    /// <param name="images">Full paths.</param>
    /// <param name="names">The names of their results, without extension.</param>
    /// <param name="endings">What a result's file name ends with, such as <c>.png</c>, one for each result of an image.</param>
    /// <exception cref="DataException">Two meet; the message names both.</exception>
    public static void RequireDistinct(IReadOnlyList<string> images, IReadOnlyList<string> names, IReadOnlyList<string> endings)
    {
        var owners = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach ((string image, string name) in images.Zip(names))
        {
            foreach (string result in endings.Select(ending => name + ending))
            {
                if (!owners.TryAdd(result, image))
                    throw Meeting(owners[result], image, result);
            }
        }

        foreach ((string image, string name) in images.Zip(names))
        {
            for (string? folder = Path.GetDirectoryName(name); !string.IsNullOrEmpty(folder); folder = Path.GetDirectoryName(folder))
            {
                if (owners.TryGetValue(folder, out string? other))
                    throw Meeting(other, image, folder);
            }
        }
    }

    /// <summary>Refuses a folder in which results would take the place of the images they come from.</summary>
    /// <param name="images">Full paths.</param>
    /// <param name="names">The names of their results, without extension.</param>
    /// <param name="endings">As for <see cref="RequireDistinct"/>.</param>
    /// <param name="folder">Where results go.</param>
    /// <exception cref="DataException">One would.</exception>
    public static void RequireImagesKept(
        IReadOnlyList<string> images, IReadOnlyList<string> names, IReadOnlyList<string> endings, string folder)
    {
        var sources = images.ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (string result in names.SelectMany(name => endings.Select(ending => Path.Combine(folder, name + ending))))
        {
            if (sources.Contains(result))
                throw new DataException($"The results in '{folder}' would overwrite the image '{result}'; choose another folder.", result);
        }
    }

    // A file that is called .jpg has no other name than that.
    private static string StemOf(string image) =>
        Path.GetFileNameWithoutExtension(image).Length == 0 ? image : Path.ChangeExtension(image, null);

    private static string CommonFolder(IReadOnlyList<string> images)
    {
        string? root = Path.GetDirectoryName(images[0]);
        foreach (string image in images)
        {
            while (root is not null && !IsBelow(root, image))
                root = Path.GetDirectoryName(root);
        }

        return root ?? throw new DataException(
            $"The images lie on different drives, as '{images[0]}' and '{images[^1]}'; predict them apart.", images[0]);
    }

    private static bool IsBelow(string root, string image) =>
        image.StartsWith(Path.EndsInDirectorySeparator(root) ? root : root + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    private static DataException Meeting(string first, string second, string result) =>
        new($"'{first}' and '{second}' would both be written to '{result}'; rename one of them, or predict them apart.", second);
}
