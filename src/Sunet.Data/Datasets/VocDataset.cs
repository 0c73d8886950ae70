namespace Sunet.Data.Datasets;

/// <summary>
/// The layout of PASCAL VOC: <c>JPEGImages/*.jpg|.jpeg|.png</c>, <c>SegmentationClass/*.png</c>,
/// <c>ImageSets/Segmentation/&lt;split&gt;.txt</c>, and optionally <c>classes.txt</c> with one name a line.
/// </summary>
internal sealed class VocDataset : IDatasetLayout
{
    private static readonly string[] ImageExtensions = [".jpg", ".jpeg", ".png"];

    private readonly string images, masks, lists;

    /// <summary>Opens the layout; no split is read yet.</summary>
    /// <param name="root">A folder for which <see cref="Recognises"/> holds.</param>
    /// <exception cref="DataException"><c>classes.txt</c> is there and unusable.</exception>
    public VocDataset(string root)
    {
        Root = root;
        images = Path.Combine(root, "JPEGImages");
        masks = Path.Combine(root, "SegmentationClass");
        lists = ListFolder(root);
        string classes = Path.Combine(root, "classes.txt");
        ClassNames = File.Exists(classes) ? ClassNamesFile.Read(classes) : VocClassNames;
    }

    /// <summary>The 21 classes of PASCAL VOC, for data sets without a <c>classes.txt</c>.</summary>
    public static IReadOnlyList<string> VocClassNames { get; } =
    [
        "background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable", "dog", "horse",
        "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
    ];

    /// <inheritdoc/>
    public string Root { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> ClassNames { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Splits =>
        [.. Directory.GetFiles(lists, "*.txt").Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)];

    /// <summary>Whether a folder has this layout.</summary>
    public static bool Recognises(string root) => Directory.Exists(ListFolder(root));

    /// <inheritdoc/>
    public SplitListing List(string split)
    {
        string source = Path.Combine(lists, split + ".txt");
        var listing = new SplitListing(split, source);
        if (!File.Exists(source))
        {
            listing.Report(source, $"The split '{split}' is missing: there is no '{source}'.");
            return listing;
        }

        foreach (string line in TextLines.Read(source))
        {
            string name = line.Trim();
            if (name.Length > 0)
                Add(listing, name);
        }

        return listing;
    }

    /// <inheritdoc/>
    public IEnumerable<(string Images, string Masks)> Folders() => [(images, masks)];

    private void Add(SplitListing listing, string name)
    {
        if (Path.IsPathRooted(name) || name.Split('/', '\\').Contains(".."))
        {
            listing.Report(listing.Source, $"'{listing.Source}' lists '{name}', which lies outside the data set.");
            return;
        }

        string? image = ImageExtensions.Select(extension => Path.Combine(images, name + extension)).FirstOrDefault(File.Exists);
        string mask = Path.Combine(masks, name + ".png");
        if (image is null)
        {
            string expected = Path.Combine(images, name + ImageExtensions[0]);
            listing.Report(expected, $"'{listing.Source}' lists '{name}', but '{expected}' (or .jpeg, .png) is not there.");
        }

        if (!File.Exists(mask))
            listing.Report(mask, $"'{listing.Source}' lists '{name}', but its mask '{mask}' is not there.");
        else if (image is not null)
            listing.Items.Add(new SegmentationItem(name, image, mask));
    }

    private static string ListFolder(string root) => Path.Combine(root, "ImageSets", "Segmentation");
}
