using Sunet.Data.Datasets.Labels;

namespace Sunet.Data.Datasets.Layouts;

/// <summary>
/// The Semantic Boundaries Dataset as it is published: <c>benchmark_RELEASE/dataset</c> with <c>img/*.jpg</c>, <c>cls/*.mat</c> and lists
/// <c>train.txt</c>, <c>val.txt</c> (8,498 and 2,857 images of PASCAL VOC; Hariharan et al., ICCV 2011).
/// </summary>
internal sealed class SbdDataset : IDatasetLayout
{
    private readonly string images, labels;

    /// <summary>Opens the layout; no split is read yet.</summary>
    /// <param name="root">The folder that has <c>cls</c> and <c>train.txt</c>.</param>
    private SbdDataset(string root)
    {
        Root = root;
        images = Path.Combine(root, "img");
        labels = Path.Combine(root, "cls");
        Lists = new NameLists(root);
    }

    /// <inheritdoc/>
    public string Root { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> ClassNames => VocClasses.Names;

    /// <inheritdoc/>
    public IReadOnlyList<string> Splits => Lists.Splits;

    /// <summary>Its lists.</summary>
    public NameLists Lists { get; }

    /// <summary>Opens the folder, or the <c>dataset</c> or <c>benchmark_RELEASE/dataset</c> in it; null where there is none.</summary>
    public static SbdDataset? TryOpen(string path) =>
        new[] { path, Path.Combine(path, "dataset"), Path.Combine(path, "benchmark_RELEASE", "dataset") }
            .Where(folder => Directory.Exists(Path.Combine(folder, "cls")) && File.Exists(Path.Combine(folder, "train.txt")))
            .Select(folder => new SbdDataset(folder)).FirstOrDefault();

    /// <inheritdoc/>
    public SplitListing List(string split, CancellationToken cancellation)
    {
        var listing = new SplitListing(split, Lists.SourceOf(split));
        foreach (var (name, list) in Lists.Read(split, listing))
        {
            cancellation.ThrowIfCancellationRequested();
            Add(listing, name, list);
        }

        return listing;
    }

    /// <inheritdoc/>
    public IEnumerable<LabelFolder> Folders() => [new LabelFolder(images, labels, LabelEnding: ".mat")];

    /// <summary>Where an image lies.</summary>
    public string ImageOf(string name) => Path.Combine(images, name + ".jpg");

    /// <summary>Where an image's labels lie.</summary>
    public string LabelsOf(string name) => Path.Combine(labels, name + ".mat");

    private void Add(SplitListing listing, string name, string list)
    {
        string image = ImageOf(name), mat = LabelsOf(name);
        bool hasImage = File.Exists(image), hasLabels = File.Exists(mat);
        if (!hasImage)
            listing.Report(image, $"'{list}' lists '{name}', but '{image}' is not there.");
        if (!hasLabels)
            listing.Report(mat, $"'{list}' lists '{name}', but its labels '{mat}' are not there.");
        if (hasImage && hasLabels)
            listing.Add(new SegmentationItem(name, image, mat) { Labels = SbdLabels.Instance });
    }
}
