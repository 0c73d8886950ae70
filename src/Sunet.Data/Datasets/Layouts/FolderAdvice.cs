using Sunet.Data.Datasets.Labels;
using Sunet.Data.Images;

namespace Sunet.Data.Datasets.Layouts;

/// <summary>What is said of folders of images and masks that are not opened as they are: the YAML file that reads them.</summary>
internal static class FolderAdvice
{
    private const byte Ignored = LabelFile.IgnoreLabel;

    // Masks that are looked at for labels, which takes a second or two.
    private const int Looked = 200;

    // Labels from here on that leave most numbers out are shades of grey rather than indices.
    private const int LeastShade = 32;

    /// <summary>The sentence, with a YAML file of one line.</summary>
    /// <param name="pairs">The folders.</param>
    /// <param name="names">The classes' names; null where they are not known.</param>
    public static DataException For(FolderPairs pairs, IReadOnlyList<string>? names)
    {
        string root = pairs.Root;
        SortedSet<byte>? labels = Labels(pairs);
        if (names is null && labels is null)
        {
            return new DataException(
                $"'{root}' has images in '{pairs.Splits[0].Images}' and masks in '{pairs.Splits[0].Masks}' that are no label maps of class "
                + $"indices; 'sunet data convert --data {root} --out FOLDER --colour-map FILE' makes such maps, by a file with a line "
                + "such as 'road:128,64,128' for each class.", root);
        }

        string why = names is null
            ? $"no {ClassList.Files} that names their classes"
            : "more than one folder that may have their masks";
        string val = pairs.Splits.All(folders => folders.Split != "val") ? ", where 'val' should be images kept out of training" : "";
        return new DataException(
            $"'{root}' has folders of images and of masks, and {why}; save this line as '{Path.Combine(root, "data.yaml")}', put it right "
            + $"where it is wrong{val}, and give that file: {Yaml(pairs, names, labels ?? [])}", root);
    }

    private static string Yaml(FolderPairs pairs, IReadOnlyList<string>? names, SortedSet<byte> labels)
    {
        SplitFolders train = pairs.Splits[0];
        SplitFolders Named(string split) => pairs.Splits.FirstOrDefault(folders => folders.Split == split) ?? train;
        var keys = new List<string>();
        foreach (SplitFolders folders in new[] { train with { Split = "train" }, Named("val") with { Split = "val" } })
            keys.AddRange(Folders(folders));
        if (pairs.Splits.FirstOrDefault(folders => folders.Split == "test") is { } test)
            keys.AddRange(Folders(test));
        if (pairs.Names.ImageSuffix is { } suffix)
            keys.Add($"image_suffix: {Quoted(suffix)}");
        if (pairs.Names.MaskSuffix != ".png")
            keys.Add($"mask_suffix: {Quoted(pairs.Names.MaskSuffix)}");
        if (names is null && AreShades(labels))
            keys.Add($"labels: {{{string.Join(", ", labels.Select((label, index) => $"{label}: {index}"))}}}");
        names ??= ClassNames(labels);
        keys.Add($"names: [{string.Join(", ", names.Select(Quoted))}]");
        return $"{{{string.Join(", ", keys)}}}";

        IEnumerable<string> Folders(SplitFolders folders)
        {
            yield return $"{folders.Split}: {Relative(folders.Images)}";
            yield return $"{folders.Split}_masks: {Relative(folders.Masks)}";
        }

        string Relative(string folder) => Quoted(Path.GetRelativePath(pairs.Root, folder).Replace('\\', '/'));
    }

    private static IReadOnlyList<string> ClassNames(SortedSet<byte> labels)
    {
        if (labels is { Count: 2, Min: 0, Max: Ignored })
            return ["background", "foreground"];
        int count = AreShades(labels) ? labels.Count : labels.Where(label => label != Ignored).DefaultIfEmpty<byte>(0).Max() + 1;
        return [.. Enumerable.Range(0, count).Select(label => $"class{label}")];
    }

    // 0 and 255, or shades such as 0, 85, 170 and 255.
    private static bool AreShades(SortedSet<byte> labels) =>
        labels.Count > 1 && labels.Where(label => label != Ignored).Max() is var largest
        && (largest == 0 || (largest >= LeastShade && largest >= 2 * labels.Count));

    /// <summary>The labels of some masks; null where none of them is a label map.</summary>
    private static SortedSet<byte>? Labels(FolderPairs pairs)
    {
        var isThere = new bool[256];
        foreach ((_, string mask) in MaskEvidence.Spread(pairs.Names.Pairs, Looked))
        {
            try
            {
                foreach (byte label in LabelFile.Load(Path.Combine(pairs.Splits[0].Masks, mask)).Span)
                    isThere[label] = true;
            }
            catch (DataException)
            {
                // Reading the data set says what is wrong with it.
            }
        }

        SortedSet<byte> labels = [.. Enumerable.Range(0, isThere.Length).Where(label => isThere[label]).Select(label => (byte)label)];
        return labels.Count > 0 ? labels : null;
    }

    private static string Quoted(string text) => text.Length > 0 && char.IsAsciiLetterOrDigit(text[0])
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or '/')
            ? text
            : $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
