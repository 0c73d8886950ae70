using Sunet.Data.Datasets.Coco;

namespace Sunet.Data.Datasets;

/// <summary>Opens data sets for segmentation.</summary>
public static class DatasetReader
{
    /// <summary>Opens one split of a data set and makes sure that every file it needs is there; nothing is decoded.</summary>
    /// <param name="path">
    /// A folder in the layout of PASCAL VOC or MS-COCO, or a YAML file with the keys path, train, val, names, masks_dir.
    /// </param>
    /// <param name="split">Such as <c>train</c> or <c>val</c>.</param>
    /// <exception cref="DataException">
    /// The layout is unknown, or the split is missing, empty, or lists an image whose file or mask is missing.
    /// </exception>
    public static SegmentationDataset Open(string path, string split)
    {
        IDatasetLayout layout = OpenLayout(path);
        SplitListing listing = layout.List(split);
        if (listing.Problems is [var first, ..])
        {
            string more = listing.Problems.Count > 1 ? $" ({listing.Problems.Count - 1} more such problems.)" : "";
            throw new DataException(first.Problem + more, first.Path);
        }

        if (listing.Items.Count == 0)
            throw new DataException($"The split '{split}' is empty: '{listing.Source}' has no images.", listing.Source);
        return new SegmentationDataset(Path.GetFileName(layout.Root), layout.Root, split, layout.ClassNames, listing.Items);
    }

    /// <summary>Recognises the layout.</summary>
    /// <exception cref="DataException">There is nothing at the path, or nothing known.</exception>
    internal static IDatasetLayout OpenLayout(string path)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (File.Exists(full))
        {
            return Path.GetExtension(full) is ".yaml" or ".yml"
                ? new YamlDataset(full)
                : throw new DataException($"'{full}' is no data set: give a folder in VOC layout or a .yaml file.", full);
        }

        if (!Directory.Exists(full))
            throw new DataException($"'{full}' is not there.", full);
        if (CocoDataset.TryOpen(full) is { } coco)
            return coco;
        return VocDataset.Recognises(full)
            ? new VocDataset(full)
            : throw new DataException(
                $"'{full}' is no data set: it lacks 'ImageSets/Segmentation'; for folders of images and masks give a .yaml file.", full);
    }
}
