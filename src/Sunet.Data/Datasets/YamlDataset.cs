namespace Sunet.Data.Datasets;

/// <summary>
/// A data set described by a YAML file: folders of images, and beside them folders of masks with the same names and the extension
/// <c>.png</c>.
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
    public IReadOnlyList<string> Splits => ["train", "val"];

    /// <inheritdoc/>
    public SplitListing List(string split)
    {
        if (!Splits.Contains(split))
        {
            var missing = new SplitListing(split, description.File);
            missing.Report(description.File, $"'{description.File}' has no split '{split}', only 'train' and 'val'.");
            return missing;
        }

        var (images, masks) = Folders(split);
        var listing = new SplitListing(split, images);
        if (!Directory.Exists(images))
        {
            listing.Report(images, $"The split '{split}' is missing: there is no folder '{images}'.");
            return listing;
        }

        foreach (string image in FileTree.Files(images, listing.Report))
        {
            if (Images.ImageFormats.FromName(image) == Images.ImageFormat.Unknown)
                continue;
            string name = FileTree.Stem(images, image);
            string mask = Path.Combine(masks, name + ".png");
            if (File.Exists(mask))
                listing.Items.Add(new SegmentationItem(name, image, mask));
            else
                listing.Report(mask, $"The image '{image}' has no mask: '{mask}' is not there.");
        }

        return listing;
    }

    /// <inheritdoc/>
    public IEnumerable<(string Images, string Masks)> Folders() => Splits.Select(Folders).Distinct();

    private (string Images, string Masks) Folders(string split)
    {
        string folder = split == "train" ? description.Train : description.Val;
        return (Path.GetFullPath(folder, Root), Path.GetFullPath(MaskFolder(folder), Root));
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
