using Sunet.Data.Datasets.Labels;

namespace Sunet.Data.Datasets.Layouts;

/// <summary>
/// Cityscapes as it is published: <c>leftImg8bit/&lt;split&gt;/&lt;city&gt;/*_leftImg8bit.png</c> and
/// <c>gtFine/&lt;split&gt;/&lt;city&gt;/*_gtFine_labelIds.png</c>, mapped to the 19 classes of <see cref="CityscapesClasses"/> (Cordts et
/// al., CVPR 2016). The labels of <c>test</c> are withheld: what <c>gtFine/test</c> holds are placeholders. <c>train_extra</c> has no fine
/// labels.
/// </summary>
internal sealed class CityscapesDataset : IDatasetLayout
{
    private const string ImageEnding = "_leftImg8bit.png";
    private const string LabelEnding = "_gtFine_labelIds.png";
    private static readonly string[] Unlabelled = ["test", "train_extra"];

    private readonly string images, labels;

    private CityscapesDataset(string root)
    {
        Root = root;
        images = ImageFolder(root);
        labels = Path.Combine(root, "gtFine");
    }

    /// <inheritdoc/>
    public string Root { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> ClassNames => CityscapesClasses.Names;

    /// <inheritdoc/>
    public IReadOnlyList<string> Splits => FileTree.Names(images, Directory.GetDirectories);

    /// <summary>Opens a folder that has this layout; null for another.</summary>
    public static CityscapesDataset? TryOpen(string path) => Directory.Exists(ImageFolder(path)) ? new CityscapesDataset(path) : null;

    /// <inheritdoc/>
    public SplitListing List(string split, CancellationToken cancellation)
    {
        LabelFolder folder = FolderOf(split);
        var listing = new SplitListing(split, folder.Images) { IsLabelled = !Unlabelled.Contains(split) };
        if (!Splits.Contains(split))
            listing.Report(folder.Images, $"The split '{split}' is missing: there is no folder '{folder.Images}'.");
        else if (listing.IsLabelled && !Directory.Exists(folder.Labels))
            listing.Report(folder.Labels, $"The split '{split}' has no labels: there is no folder '{folder.Labels}'.");
        else
            listing.AddFolder(folder, CityscapesLabels.Instance, cancellation);
        return listing;
    }

    /// <inheritdoc/>
    public IEnumerable<LabelFolder> Folders() => Splits.Except(Unlabelled).Select(FolderOf);

    private LabelFolder FolderOf(string split) =>
        new(Path.Combine(images, split), Path.Combine(labels, split), LabelEnding, ImageEnding);

    private static string ImageFolder(string root) => Path.Combine(root, "leftImg8bit");
}
