using Sunet.Data.Datasets.Labels;

namespace Sunet.Data.Datasets.Layouts;

/// <summary>
/// A data set of folders of images and folders of masks, whose names are equal but for how they end. Its <c>test</c> has labels if there is
/// a folder of masks for it.
/// </summary>
/// <param name="description">What lies where.</param>
internal sealed class YamlDataset(DatasetDescription description) : IDatasetLayout
{
    /// <inheritdoc/>
    public string Root => description.Root;

    /// <inheritdoc/>
    public IReadOnlyList<string> ClassNames => description.ClassNames;

    /// <inheritdoc/>
    public IReadOnlyList<string> Splits => [.. description.Splits.Select(folders => folders.Split)];

    /// <inheritdoc/>
    public LabelMap? Colours => description.Colours;

    /// <inheritdoc/>
    public SplitListing List(string split, CancellationToken cancellation)
    {
        if (description.Splits.FirstOrDefault(folders => folders.Split == split) is not { } known)
        {
            var missing = new SplitListing(split, description.Source);
            missing.Report(description.Source, $"'{description.Source}' has no split '{split}', only {string.Join(", ", Splits)}.");
            return missing;
        }

        LabelFolder folder = FolderOf(known);
        var listing = new SplitListing(split, folder.Images) { IsLabelled = split != "test" || Directory.Exists(folder.Labels) };
        if (!Directory.Exists(folder.Images))
            listing.Report(folder.Images, $"The split '{split}' is missing: there is no folder '{folder.Images}'.");
        else if (!folder.IsDistinct)
        {
            listing.Report(folder.Images, $"'{description.Source}' names '{folder.Images}' both as images and as masks of '{split}'; "
                + "where both lie in one folder, 'image_suffix' and 'mask_suffix' tell them apart.");
        }
        else if (listing.IsLabelled && !Directory.Exists(folder.Labels))
        {
            listing.Report(folder.Labels, $"The split '{split}' has no masks: there is no folder '{folder.Labels}'; "
                + $"name it as '{split}_masks' in '{description.Source}'.");
        }
        else
            listing.AddFolder(folder, description.Labels, cancellation);
        return listing;
    }

    /// <inheritdoc/>
    public IEnumerable<LabelFolder> Folders() => description.Splits.Select(FolderOf).Where(folder => folder.IsDistinct).Distinct();

    private LabelFolder FolderOf(SplitFolders folders) =>
        new(folders.Images, folders.Masks, description.MaskSuffix, description.ImageSuffix);
}
