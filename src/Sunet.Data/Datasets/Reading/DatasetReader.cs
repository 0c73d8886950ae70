using Sunet.Data.Datasets.Layouts;

namespace Sunet.Data.Datasets.Reading;

/// <summary>Opens data sets of every known layout.</summary>
public static class DatasetReader
{
    /// <summary>What a data set can be, for help texts and messages: the layouts that are known.</summary>
    public static string KnownLayouts => DatasetLayouts.Description;

    /// <summary>Opens one split of a data set and makes sure that every file it needs is there; nothing is decoded.</summary>
    /// <param name="path">
    /// A folder in the layout of PASCAL VOC 2012 (or the <c>VOCdevkit</c> around it), of Cityscapes, of the Semantic Boundaries Dataset
    /// (<c>benchmark_RELEASE</c>), or of MS-COCO, as they are published, the latter also with categories of one's own; folders of images
    /// and of masks with equal names and a list of classes (<c>classes.txt</c>) beside them; or a YAML file with the keys path, train, val,
    /// test, names, masks_dir, train_masks, val_masks, test_masks, image_suffix, mask_suffix, ignore, labels.
    /// </param>
    /// <param name="split">Such as <c>train</c> or <c>val</c>; <c>trainaug</c> for PASCAL VOC with the SBD beside or in it.</param>
    /// <param name="cancellation">Stops while the files are listed.</param>
    /// <exception cref="DataException">
    /// The layout is unknown, or the split is missing, empty, has no labels, or lists an image whose file or mask is missing.
    /// </exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public static SegmentationDataset Open(string path, string split, CancellationToken cancellation = default) =>
        Open(path, split, DatasetOptions.Default, cancellation);

    /// <summary>Opens one split of a data set whose labels are read as the options say; nothing is decoded.</summary>
    /// <param name="path">The data set.</param>
    /// <param name="split">Such as <c>train</c> or <c>val</c>.</param>
    /// <param name="options">How labels are read.</param>
    /// <param name="cancellation">Stops while the files are listed.</param>
    /// <exception cref="DataException">
    /// The layout is unknown, or the split is missing, empty, has no labels, or lists an image whose file or mask is missing.
    /// </exception>
    /// <exception cref="ConfigurationException">The options do not suit the data set.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    internal static SegmentationDataset Open(string path, string split, DatasetOptions options, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        IDatasetLayout layout = DatasetLayouts.Open(path, options);
        SplitListing listing = RequireSound(layout.List(split, cancellation));
        if (!listing.IsLabelled)
        {
            throw new DataException(
                $"The split '{split}' of '{layout.Root}' has no labels: its images can be predicted, not trained on or measured.",
                listing.Source);
        }

        return new SegmentationDataset(Path.GetFileName(layout.Root), layout.Root, split, layout.ClassNames, listing.Items)
        {
            Notes = [.. layout.Notes, .. listing.Notes],
            PassedOver = listing.PassedOver,
        };
    }

    /// <summary>Lists the images of one split, which needs no labels, such as a benchmark's <c>test</c>; nothing is decoded.</summary>
    /// <param name="path">As for <see cref="Open(string, string, CancellationToken)"/>.</param>
    /// <param name="split">Such as <c>test</c>.</param>
    /// <param name="cancellation">Stops while the files are listed.</param>
    /// <returns>The images, in the split's order; at least one.</returns>
    /// <exception cref="DataException">The layout is unknown, or the split is missing, empty, or lists a file that is missing.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    internal static IReadOnlyList<DatasetImage> ListImages(string path, string split, CancellationToken cancellation = default) =>
        RequireSound(DatasetLayouts.Open(path).List(split, cancellation)).Images;

    /// <summary>Opens one split of a data set for classification; nothing is decoded.</summary>
    /// <param name="path">A folder in the layout of ImageNet: <c>train/&lt;class&gt;/*.JPEG</c>, <c>val/&lt;class&gt;/*.JPEG</c>.</param>
    /// <param name="split">Such as <c>train</c> or <c>val</c>.</param>
    /// <param name="cancellation">Stops while the files are listed.</param>
    /// <exception cref="DataException">
    /// The layout is unknown, the split is missing or empty, a class has no images, or its classes differ from those of <c>train</c>.
    /// </exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public static ClassificationDataset OpenClassification(string path, string split, CancellationToken cancellation = default)
    {
        ImageNetDataset layout = OpenClassificationLayout(path);
        ClassificationListing listing = RequireSound(layout.List(split, cancellation));
        return new ClassificationDataset(layout.Root, split, layout.ClassNames, listing.Items)
        {
            Notes = listing.Notes,
            PassedOver = listing.PassedOver,
        };
    }

    /// <summary>
    /// Whether a data set has a class a pixel or a class an image. What is neither counts as the former; opening it tells why.
    /// </summary>
    /// <param name="path">What <see cref="Open(string, string, CancellationToken)"/> or <see cref="OpenClassification"/> takes.</param>
    /// <exception cref="DataException">A folder cannot be read.</exception>
    internal static DatasetKind KindOf(string path) =>
        ImageNetDataset.Recognises(FullPath(path)) && !DatasetLayouts.Recognise(FullPath(path))
        ? DatasetKind.Classification
        : DatasetKind.Segmentation;

    /// <summary>Opens the layout of a data set for classification.</summary>
    /// <exception cref="DataException">It is none, or its classes cannot be told.</exception>
    internal static ImageNetDataset OpenClassificationLayout(string path)
    {
        string full = FullPath(path);
        return ImageNetDataset.Recognises(full) && FolderPairs.Find(full) is null
            ? new ImageNetDataset(full)
            : throw new DataException(
                $"'{full}' is no data set for classification: give a folder with 'train/<class>/*.JPEG' and 'val/<class>/*.JPEG'.", full);
    }

    /// <summary>Refuses a split of which something is missing.</summary>
    /// <returns>The split.</returns>
    /// <exception cref="DataException">It is missing, empty, or something of it is.</exception>
    internal static TListing RequireSound<TListing>(TListing listing)
        where TListing : SplitFindings
    {
        if (listing.Problems is [var first, ..])
        {
            string more = listing.Problems.Count > 1 ? $" ({listing.Problems.Count - 1} more such problems.)" : "";
            throw new DataException(first.Problem + more, first.Path);
        }

        return listing.ImageCount > 0
            ? listing
            : throw new DataException($"The split '{listing.Split}' is empty: '{listing.Source}' has no images.", listing.Source);
    }

    private static string FullPath(string path) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
}
