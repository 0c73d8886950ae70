namespace Sunet.Data.Datasets;

/// <summary>
/// A data set described by a YAML file: folders of images, and beside them folders of masks with the same names and the extension
/// <c>.png</c>. Its <c>test</c> has labels if there is a folder of masks for it.
/// </summary>
internal sealed class YamlDataset : IDatasetLayout
{
    private readonly DatasetDescription description;

    /// <summary>Reads the description; no folder is read yet.</summary>
    /// <exception cref="DataException">The file cannot be read or is no valid description.</exception>
    public YamlDataset(string file) => description = DatasetDescription.Read(file);

    /// <inheritdoc/>
    public string Root => description.Root;

    /// <inheritdoc/>
    public IReadOnlyList<string> ClassNames => description.Names;

    /// <inheritdoc/>
    public IReadOnlyList<string> Splits => description.Test is null ? ["train", "val"] : ["train", "val", "test"];

    /// <inheritdoc/>
    public SplitListing List(string split, CancellationToken cancellation)
    {
        if (!Splits.Contains(split))
        {
            var missing = new SplitListing(split, description.File);
            missing.Report(description.File, $"'{description.File}' has no split '{split}', only {string.Join(", ", Splits)}.");
            return missing;
        }

        LabelFolder folder = FolderOf(split);
        var listing = new SplitListing(split, folder.Images) { IsLabelled = split != "test" || Directory.Exists(folder.Labels) };
        if (!Directory.Exists(folder.Images))
            listing.Report(folder.Images, $"The split '{split}' is missing: there is no folder '{folder.Images}'.");
        else if (folder.Images == folder.Labels)
            listing.Report(folder.Images, $"'{description.File}' names '{folder.Images}' both as images and as masks of '{split}'.");
        else
            listing.AddFolder(folder, PngLabels.Instance, cancellation);
        return listing;
    }

    /// <inheritdoc/>
    public IEnumerable<LabelFolder> Folders() => Splits.Select(FolderOf).Where(f => f.Images != f.Labels).Distinct();

    private LabelFolder FolderOf(string split)
    {
        string folder = split switch { "train" => description.Train, "val" => description.Val, _ => description.Test! };
        return new LabelFolder(Path.GetFullPath(folder, Root), Path.GetFullPath(MaskFolder(folder), Root));
    }

    // images/train has its masks in masks/train; a folder that is not below 'images' has them in masks/<folder>.
    private string MaskFolder(string imageFolder)
    {
        string[] parts = imageFolder.Split('/', '\\');
        int images = Array.IndexOf(parts, "images");
        if (images < 0)
            return Path.Combine(description.MasksDir, imageFolder);
        parts[images] = description.MasksDir;
        return string.Join('/', parts);
    }
}
