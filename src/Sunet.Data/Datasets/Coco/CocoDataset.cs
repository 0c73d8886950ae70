using System.Globalization;
using Sunet.Data.Datasets.Layouts;

namespace Sunet.Data.Datasets.Coco;

/// <summary>
/// The layout of MS-COCO: <c>annotations/instances_&lt;name&gt;.json</c> with the images in <c>&lt;name&gt;</c> or
/// <c>images/&lt;name&gt;</c>. <see cref="CocoFiles"/> says what the splits are called, <see cref="CocoClasses"/> what the classes are.
/// </summary>
/// <remarks>
/// Crowds count like single objects, pixels of more than one object are ignored, and what no object of the classes covers is background.
/// Where the categories are those of MS-COCO and the classes PASCAL VOC's, labels follow the recipe for pre-training in the references of
/// torchvision (https://github.com/pytorch/vision/blob/main/references/segmentation/coco_utils.py), which is what the paper (arXiv
/// 1804.10343) does in words; of <c>train</c>, it leaves out images whose objects of the classes have areas (as the file gives them) of
/// 1,000 pixels or less.
/// </remarks>
internal sealed class CocoDataset : IDatasetLayout
{
    private const double SmallestArea = 1000;

    private readonly CocoFiles files;
    private CocoClasses? classes;

    private CocoDataset(string root)
    {
        Root = root;
        files = new CocoFiles(root);
        string list = Path.Combine(root, "classes.txt");
        if (File.Exists(list))
            classes = CocoClasses.Listed(list);
    }

    /// <inheritdoc/>
    public string Root { get; }

    /// <summary>The classes' names by index; without <c>classes.txt</c> none until a split was read, whose categories tell.</summary>
    public IReadOnlyList<string> ClassNames => classes?.Names ?? [];

    /// <inheritdoc/>
    public IReadOnlyList<string> Notes => classes?.Note is { } note ? [note] : [];

    /// <inheritdoc/>
    public IReadOnlyList<string> Splits => files.Splits;

    /// <summary>Opens a folder that has this layout, no annotation of it yet; null for another.</summary>
    /// <exception cref="DataException"><c>classes.txt</c> is there and unusable, or the folder of annotations cannot be read.</exception>
    public static CocoDataset? TryOpen(string root) => new CocoFiles(root).Splits.Count > 0 ? new CocoDataset(root) : null;

    /// <inheritdoc/>
    /// <exception cref="DataException">An annotation file is damaged, or its categories are not the classes.</exception>
    public SplitListing List(string split, CancellationToken cancellation)
    {
        if (files.NameOf(split) is not { } name)
            return Missing(split);
        var listing = new SplitListing(split, files.PathOf(name));
        if (files.Images(name) is not { } images)
        {
            IReadOnlyList<string> folders = files.ImageFolders(name);
            listing.Report(folders[0], $"The split '{split}' has no images: there is neither '{folders[0]}' nor '{folders[1]}'.");
            return listing;
        }

        CocoFile file = CocoFileReader.Read(listing.Source, cancellation);
        classes = Classes(file, cancellation);
        var problems = new LimitedReport(listing.Problems, listing.Source);
        var annotated = new CocoSplit(file, classes.Labels(file, listing), problem => problems.Report($"'{listing.Source}' {problem}."));
        bool leavesOut = name.StartsWith("train", StringComparison.Ordinal) && classes.FollowsRecipe(file);
        int leftOut = 0;
        for (int i = 0; i < annotated.Images.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            if (leavesOut && annotated.Area(i) <= SmallestArea)
                leftOut++;
            else
                Add(annotated, i, images, listing, problems);
        }

        problems.Close();
        ReportFaults(annotated, listing);
        ReportLeftOut(leftOut, annotated.Images.Count, listing);
        return listing;
    }

    /// <inheritdoc/>
    public IEnumerable<LabelFolder> Folders() => [];

    private SplitListing Missing(string split)
    {
        var listing = new SplitListing(split, files.Folder);
        string problem = $"'{Root}' has no split '{split}', only '{string.Join("', '", Splits)}'";
        listing.Report(listing.Source, split is not ("train" or "val")
            ? $"{problem}."
            : $"{problem}: name one of these, or convert the data set with 'sunet data convert' and divide the list that it writes in "
                + "'ImageSets/Segmentation' into 'train.txt' and 'val.txt'.");
        return listing;
    }

    // All splits have the same classes, whichever is opened.
    private CocoClasses Classes(CocoFile file, CancellationToken cancellation)
    {
        if (classes is { AreListed: true })
            return classes;
        if (CocoCategories.ArePublished(file.Categories))
            return CocoClasses.OfVoc;
        if (classes is not null && classes != CocoClasses.OfVoc)
            return classes;
        IEnumerable<string> paths = Splits.Select(split => files.PathOf(files.NameOf(split)!)).Append(file.Path).Distinct();
        return CocoClasses.Own([.. paths.Select(path => path == file.Path ? file : CocoFileReader.Read(path, cancellation))], Root);
    }

    private static void Add(CocoSplit annotated, int image, string folder, SplitListing listing, LimitedReport problems)
    {
        var (id, fileName, _, _) = annotated.Images[image];

        // Only then is it fit to be a part of a path.
        if (fileName.Contains('\0') || Path.GetFileNameWithoutExtension(fileName).Length == 0)
        {
            problems.Report($"'{listing.Source}' gives image {id} a name that no image file can have.");
            return;
        }

        string path = Path.Combine(folder, fileName);
        if (!FileTree.StaysInside(fileName))
            problems.Report($"'{listing.Source}' lists image {id} as '{fileName}', which lies outside the data set.");
        else if (!File.Exists(path))
            problems.Report(path, $"'{listing.Source}' lists image {id}, but '{path}' is not there.");
        else
            listing.Add(
                new SegmentationItem(FileTree.Stem(folder, path), path, listing.Source) { Labels = new CocoLabels(annotated, image) });
    }

    // Where no object describes an area, nothing can be learned, and that is no matter of single objects.
    private static void ReportFaults(CocoSplit annotated, SplitListing listing)
    {
        if (annotated.Faults is not [var first, ..])
            return;
        bool areAll = annotated.Faults.Count == annotated.ObjectCount;
        string sum = $"{annotated.Faults.Count} of the {annotated.ObjectCount} objects of '{listing.Source}' cover no pixel, such as "
            + $"annotation {first.AnnotationId} of image {first.ImageId}: {first.Reason}.";
        if (areAll)
            listing.Report(listing.Source, sum);
        else
            listing.Doubt(listing.Source, sum);
        var single = new LimitedReport(areAll ? listing.Problems : listing.Doubts, listing.Source);
        foreach (CocoFault fault in annotated.Faults)
        {
            single.Report(
                $"'{listing.Source}' has annotation {fault.AnnotationId} of image {fault.ImageId} that covers no pixel: {fault.Reason}.");
        }

        single.Close();
    }

    private static void ReportLeftOut(int leftOut, int images, SplitListing listing)
    {
        if (leftOut == images && images > 0 && listing.Problems.Count == 0)
        {
            listing.Report(listing.Source, FormattableString.Invariant(
                $"None of the {images} images of '{listing.Source}' has more than {SmallestArea} annotated pixels."));
        }
        else if (leftOut > 0)
        {
            listing.Notes.Add(string.Create(CultureInfo.InvariantCulture,
                $"{leftOut} of the {images} images of '{listing.Source}' are left out, as the recipe for pre-training on MS-COCO has it: "
                + $"their objects have {SmallestArea} pixels or less."));
        }
    }
}
