using Sunet.Data.Datasets.Labels;
using YamlDotNet.RepresentationModel;

namespace Sunet.Data.Datasets.Layouts;

/// <summary>A data set of folders of images and folders of masks, as a YAML file describes it.</summary>
/// <remarks>
/// <para><c>path</c> is the data set's folder, relative to the file (default: the file's folder); <c>train</c>, <c>val</c> and, if there is
/// one, <c>test</c> are folders of images relative to it. Their masks are in <c>train_masks</c>, <c>val_masks</c>, <c>test_masks</c>; for a
/// split without that key <c>masks_dir</c> (default <c>masks</c>) takes the place of <c>images</c> in the path of its images.</para>
/// <para><c>image_suffix</c> (default: any extension of an image) and <c>mask_suffix</c> (default <c>.png</c>) are how the names of images
/// and masks end, such as <c>_sat.jpg</c> and <c>_mask.png</c>; what is left of the names is equal. <see cref="DescribedLabels"/> has the
/// keys <c>names</c>, <c>ignore</c> and <c>labels</c>.</para>
/// </remarks>
/// <param name="Source">The YAML file, or the folder where there is none.</param>
/// <param name="Root">The data set's folder, absolute.</param>
/// <param name="Splits">The folders of each split.</param>
/// <param name="ClassNames">Class names by index.</param>
/// <param name="Labels">How masks are read.</param>
internal sealed record DatasetDescription(
    string Source, string Root, IReadOnlyList<SplitFolders> Splits, IReadOnlyList<string> ClassNames, ILabelReader Labels)
{
    private static readonly string[] Keys =
    [
        "path", "train", "val", "test", "names", "masks_dir", "train_masks", "val_masks", "test_masks", "image_suffix", "mask_suffix",
        "ignore", "labels",
    ];

    /// <summary>How the names of images end; null for any extension of an image.</summary>
    public string? ImageSuffix { get; init; }

    /// <summary>How the names of masks end.</summary>
    public string MaskSuffix { get; init; } = ".png";

    /// <summary>The colours of the masks' classes; null where none are known.</summary>
    public LabelMap? Colours { get; init; }

    /// <summary>Reads and checks the file.</summary>
    /// <exception cref="DataException">It cannot be read, is no YAML map, or has an unknown, missing or malformed key.</exception>
    public static DatasetDescription Read(string file)
    {
        YamlMappingNode map = Parse(file);
        foreach (YamlNode key in map.Children.Keys)
        {
            if (key is not YamlScalarNode { Value: { } name } || !Keys.Contains(name))
                throw new DataException($"'{file}' has the unknown key '{key}'; the keys are {string.Join(", ", Keys)}.", file);
        }

        string folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        string root = Path.GetFullPath(TextOrNull(map, "path", file) ?? ".", folder);
        (IReadOnlyList<string> names, ILabelReader labels) = DescribedLabels.Read(map, file);
        return new DatasetDescription(file, root, ReadSplits(map, root, file), names, labels)
        {
            ImageSuffix = SuffixOrNull(map, "image_suffix", file),
            MaskSuffix = SuffixOrNull(map, "mask_suffix", file) ?? ".png",
        };
    }

    private static List<SplitFolders> ReadSplits(YamlMappingNode map, string root, string file)
    {
        string masksDir = TextOrNull(map, "masks_dir", file) ?? "masks";
        var splits = new List<SplitFolders>();
        foreach (string split in new[] { "train", "val", "test" })
        {
            string? images = split == "test" ? TextOrNull(map, split, file) : Text(map, split, file);
            string? masks = TextOrNull(map, split + "_masks", file);
            if (images is not null)
                splits.Add(new SplitFolders(split, Absolute(images, root), Absolute(masks ?? MaskFolder(images, masksDir), root)));
            else if (masks is not null)
                throw new DataException($"'{file}' has the key '{split}_masks' without '{split}', the folder of their images.", file);
        }

        return splits;
    }

    private static string Absolute(string folder, string root) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder, root));

    // images/train has its masks in masks/train; a folder that is not below 'images' has them in masks/<folder>.
    private static string MaskFolder(string imageFolder, string masksDir)
    {
        string[] parts = imageFolder.Split('/', '\\');
        int images = Array.IndexOf(parts, "images");
        if (images < 0)
            return Path.Combine(masksDir, imageFolder);
        parts[images] = masksDir;
        return string.Join('/', parts);
    }

    private static YamlMappingNode Parse(string file)
    {
        try
        {
            return YamlMap.Parse(string.Join('\n', TextLines.Read(file))) ?? throw new DataException(
                $"'{file}' does not describe a data set: it should be one map of {string.Join(", ", Keys)}.", file);
        }
        catch (FormatException failure)
        {
            throw new DataException($"'{file}' {failure.Message}.", file, failure);
        }
    }

    private static string Text(YamlMappingNode map, string key, string file) =>
        TextOrNull(map, key, file) ?? throw new DataException($"'{file}' lacks the key '{key}'.", file);

    private static string? TextOrNull(YamlMappingNode map, string key, string file)
    {
        if (!map.Children.TryGetValue(new YamlScalarNode(key), out YamlNode? node))
            return null;
        return node is YamlScalarNode { Value: { Length: > 0 } value }
            ? value
            : throw new DataException($"'{file}' should have a text for the key '{key}'.", file);
    }

    private static string? SuffixOrNull(YamlMappingNode map, string key, string file)
    {
        string? suffix = TextOrNull(map, key, file);
        return suffix is null || (Path.HasExtension(suffix) && !suffix.AsSpan().ContainsAny('/', '\\'))
            ? suffix
            : throw new DataException(
                $"'{file}' has '{suffix}' for the key '{key}'; it should be how names end, such as '_mask.png'.", file);
    }
}
