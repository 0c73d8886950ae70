namespace Sunet.Data.Datasets;

/// <summary>Opens data sets.</summary>
public static class DatasetReader
{
    /// <summary>Opens one split of a data set and makes sure that every file it needs is there; nothing is decoded.</summary>
    /// <param name="path">A folder in the layout of PASCAL VOC, or a YAML file with the keys path, train, val, names, masks_dir.</param>
    /// <param name="split">Such as <c>train</c> or <c>val</c>.</param>
    /// <exception cref="DataException">
    /// The layout is unknown, or the split is missing, empty, or lists an image whose file or mask is missing.
    /// </exception>
    public static SegmentationDataset Open(string path, string split)
    {
        IDatasetLayout layout = OpenLayout(path);
        SplitListing listing = layout.List(split);
        return new SegmentationDataset(Path.GetFileName(layout.Root), layout.Root, split, layout.ClassNames, listing.Complete());
    }

    /// <summary>Opens one split of a data set for classification; nothing is decoded.</summary>
    /// <param name="path">A folder in the layout of ImageNet: <c>train/&lt;class&gt;/*.JPEG</c>, <c>val/&lt;class&gt;/*.JPEG</c>.</param>
    /// <param name="split">Such as <c>train</c> or <c>val</c>.</param>
    /// <exception cref="DataException">
    /// The layout is unknown, the split is missing or empty, a class has no images, or its classes differ from those of <c>train</c>.
    /// </exception>
    public static ClassificationDataset OpenClassification(string path, string split)
    {
        ImageNetDataset layout = OpenClassificationLayout(path);
        return new ClassificationDataset(layout.Root, split, layout.ClassNames, layout.List(split).Complete());
    }

    /// <summary>Whether a data set has a class a pixel or a class an image. What is neither counts as the former; opening it tells why.</summary>
    /// <param name="path">What <see cref="Open"/> or <see cref="OpenClassification"/> takes.</param>
    /// <exception cref="DataException">A folder cannot be read.</exception>
    public static DatasetKind KindOf(string path)
    {
        string full = FullPath(path);
        return ImageNetDataset.Recognises(full) && !VocDataset.Recognises(full) ? DatasetKind.Classification : DatasetKind.Segmentation;
    }

    /// <summary>Recognises the layout.</summary>
    /// <exception cref="DataException">There is nothing at the path, or nothing known.</exception>
    internal static IDatasetLayout OpenLayout(string path)
    {
        string full = FullPath(path);
        if (File.Exists(full))
        {
            return Path.GetExtension(full) is ".yaml" or ".yml"
                ? new YamlDataset(full)
                : throw new DataException($"'{full}' is no data set: give a folder in VOC layout or a .yaml file.", full);
        }

        if (!Directory.Exists(full))
            throw new DataException($"'{full}' is not there.", full);
        if (KindOf(full) == DatasetKind.Classification)
            throw new DataException($"'{full}' has a class an image; segmentation needs a class a pixel.", full);
        return VocDataset.Recognises(full)
            ? new VocDataset(full)
            : throw new DataException(
                $"'{full}' is no data set: it lacks 'ImageSets/Segmentation'; for folders of images and masks give a .yaml file.", full);
    }

    /// <summary>Opens the layout of a data set for classification.</summary>
    /// <exception cref="DataException">It is none, or its classes cannot be told.</exception>
    internal static ImageNetDataset OpenClassificationLayout(string path)
    {
        string full = FullPath(path);
        return ImageNetDataset.Recognises(full)
            ? new ImageNetDataset(full)
            : throw new DataException(
                $"'{full}' is no data set for classification: give a folder with 'train/<class>/*.JPEG' and 'val/<class>/*.JPEG'.", full);
    }

    private static string FullPath(string path) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
}
