using System.Globalization;

namespace Sunet.Data.Datasets.Coco;

/// <summary>
/// The layout of MS-COCO: <c>annotations/instances_{train,val}{2014,2017}.json</c> with the images in <c>train2017</c>,
/// <c>images/train2017</c> and so on. Its splits are <c>train</c> and <c>val</c>, of 2017 where both years are there; <c>train2014</c> and
/// the like name one year's.
/// </summary>
/// <remarks>
/// Labels follow the recipe for pre-training in the references of torchvision
/// (https://github.com/pytorch/vision/blob/main/references/segmentation/coco_utils.py), which is what the paper (arXiv 1804.10343) does in
/// words: the categories that PASCAL VOC has too, found by name, become its 20 classes and all others background; crowds count like single
/// objects; pixels of more than one object are ignored; and of <c>train</c>, images whose objects of the classes have areas (as the file
/// gives them) of 1,000 pixels or less are left out. A <c>classes.txt</c> beside <c>annotations</c>, with background first, names other
/// categories to keep.
/// </remarks>
internal sealed class CocoDataset : IDatasetLayout
{
    private const double SmallestArea = 1000;

    private static readonly string[] Years = ["2017", "2014"];
    private static readonly string[] Parts = ["train", "val"];

    private static readonly Dictionary<string, string> VocNames = new(StringComparer.Ordinal)
    {
        ["airplane"] = "aeroplane",
        ["motorcycle"] = "motorbike",
        ["dining table"] = "diningtable",
        ["potted plant"] = "pottedplant",
        ["couch"] = "sofa",
        ["tv"] = "tvmonitor",
    };

    private readonly Dictionary<string, byte> labels = new(StringComparer.Ordinal);

    private CocoDataset(string root)
    {
        Root = root;
        string classes = Path.Combine(root, "classes.txt");
        ClassNames = File.Exists(classes) ? ClassNamesFile.Read(classes) : VocDataset.VocClassNames;
        for (int i = 1; i < ClassNames.Count; i++)
            labels.Add(ClassNames[i], (byte)i);
    }

    /// <inheritdoc/>
    public string Root { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> ClassNames { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Splits => [.. Parts.Where(part => Find(Root, part) is not null)];

    /// <summary>Opens a folder that has this layout, no annotation of it yet; null for another.</summary>
    /// <exception cref="DataException"><c>classes.txt</c> is there and unusable.</exception>
    public static CocoDataset? TryOpen(string root) => Parts.Any(part => Find(root, part) is not null) ? new CocoDataset(root) : null;

    /// <inheritdoc/>
    /// <exception cref="DataException">The annotation file is damaged, or has none of the classes.</exception>
    public SplitListing List(string split, CancellationToken cancellation)
    {
        if (Find(Root, split) is not { } name)
        {
            var missing = new SplitListing(split, Path.Combine(Root, "annotations"));
            missing.Report(missing.Source, $"'{Root}' has no split '{split}', only '{string.Join("', '", Splits)}'.");
            return missing;
        }

        var listing = new SplitListing(split, AnnotationFile(Root, name));
        string[] folders = [Path.Combine(Root, name), Path.Combine(Root, "images", name)];
        if (folders.FirstOrDefault(Directory.Exists) is not { } images)
        {
            listing.Report(folders[0], $"The split '{split}' has no images: there is neither '{folders[0]}' nor '{folders[1]}'.");
            return listing;
        }

        var problems = new LimitedReport(listing);
        CocoFile file = CocoFileReader.Read(listing.Source, cancellation);
        var annotated = new CocoSplit(file, Labels(file), problem => problems.Report(listing.Source, $"'{listing.Source}' {problem}."));
        for (int i = 0; i < annotated.Images.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            if (!name.StartsWith(Parts[0], StringComparison.Ordinal) || annotated.Area(i) > SmallestArea)
                Add(annotated, i, images, listing, problems);
        }

        problems.Close();
        if (listing.Items.Count == 0 && listing.Problems.Count == 0 && annotated.Images.Count > 0)
        {
            listing.Report(listing.Source, string.Create(CultureInfo.InvariantCulture,
                $"None of the {annotated.Images.Count} images of '{listing.Source}' has more than {SmallestArea} annotated pixels."));
        }

        return listing;
    }

    /// <inheritdoc/>
    public IEnumerable<LabelFolder> Folders() => [];

    private static void Add(CocoSplit annotated, int image, string folder, SplitListing listing, LimitedReport problems)
    {
        var (id, fileName, _, _) = annotated.Images[image];
        string path = Path.Combine(folder, fileName), name = FileTree.Stem(folder, path);
        if (!FileTree.StaysInside(fileName))
            problems.Report(listing.Source, $"'{listing.Source}' lists image {id} as '{fileName}', which lies outside the data set.");
        else if (!File.Exists(path))
            problems.Report(path, $"'{listing.Source}' lists image {id}, but '{path}' is not there.");
        else
            listing.Add(new SegmentationItem(name, path, listing.Source) { Labels = new CocoLabels(annotated, image) });
    }

    private Dictionary<long, byte> Labels(CocoFile file)
    {
        var found = new Dictionary<long, byte>();
        foreach (CocoCategory category in file.Categories)
        {
            string name = labels.ContainsKey(category.Name) ? category.Name : VocNames.GetValueOrDefault(category.Name, category.Name);
            if (!found.TryAdd(category.Id, labels.GetValueOrDefault(name)))
                throw new DataException($"'{file.Path}' has category {category.Id} twice.", file.Path);
        }

        string classes = string.Join(", ", labels.Keys);
        return found.Values.Any(label => label > 0)
            ? found
            : throw new DataException(
                $"None of the {file.Categories.Count} categories of '{file.Path}' is a class of the data set ({classes}); "
                + $"name those to keep in '{Path.Combine(Root, "classes.txt")}', background first.", file.Path);
    }

    // A split's name with its year: the newest that is there of a split without.
    private static string? Find(string root, string split) =>
        Parts.SelectMany(part => Years.Where(year => split == part || split == part + year).Select(year => part + year))
            .FirstOrDefault(name => File.Exists(AnnotationFile(root, name)));

    private static string AnnotationFile(string root, string name) => Path.Combine(root, "annotations", $"instances_{name}.json");
}
