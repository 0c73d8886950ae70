using Sunet.Data.Datasets.Labels;
using Sunet.Data.Images;

namespace Sunet.Data.Datasets.Layouts;

/// <summary>
/// The layout of PASCAL VOC: <c>JPEGImages</c> with images of any format that is read, <c>SegmentationClass/*.png</c>,
/// <c>ImageSets/Segmentation/&lt;split&gt;.txt</c>, and optionally <c>classes.txt</c> with one name a line, or another list of
/// <see cref="ClassList"/>.
/// </summary>
/// <remarks>
/// <para><c>trainval</c> is made up of <c>train</c> and <c>val</c> where it has no list. <c>test</c> has images without masks, unless some
/// are there.</para>
/// <para><c>trainaug</c> is what networks for PASCAL VOC 2012 are trained on: 10,582 images, those of VOC's <c>train</c> and of both splits
/// of the Semantic Boundaries Dataset, without those of VOC's <c>val</c>. It is read from <c>trainaug.txt</c>, with masks in
/// <c>SegmentationClassAug/*.png</c>; or from the SBD as it is published, <c>benchmark_RELEASE</c> (alone, or in a folder <c>SBD</c> or
/// <c>VOCaug</c>), in this folder, beside <c>VOC2012</c>, or beside the <c>VOCdevkit</c> around it. VOC's own mask of an image is preferred
/// to the SBD's.</para>
/// </remarks>
internal sealed class VocDataset : IDatasetLayout
{
    private const string Augmented = "trainaug";

    // Masks of other formats are found, so that reading them tells what to do with them.
    private static readonly string[] MaskExtensions = [".png", .. ImageFormats.ReadExtensions];

    private static readonly string[] BoundaryFolders = ["benchmark_RELEASE", "SBD", "VOCaug"];

    // The splits of the challenge itself, which take masks from nowhere but SegmentationClass.
    private static readonly string[] Official = ["train", "val", "trainval", "test"];

    private readonly string images, masks, augmentedMasks;
    private readonly FileLookup imageFiles, maskFiles, augmentedMaskFiles;
    private readonly NameLists lists;
    private readonly ClassList? classes;
    private readonly SbdDataset? boundaries;

    /// <summary>Opens the layout; no split is read yet.</summary>
    /// <param name="root">The folder that has <c>ImageSets/Segmentation</c>.</param>
    /// <exception cref="DataException">A list of classes is there and unusable.</exception>
    private VocDataset(string root)
    {
        Root = root;
        images = Path.Combine(root, "JPEGImages");
        masks = Path.Combine(root, "SegmentationClass");
        augmentedMasks = Path.Combine(root, "SegmentationClassAug");
        lists = new NameLists(ListFolder(root));
        (imageFiles, maskFiles, augmentedMaskFiles) = (new(images), new(masks), new(augmentedMasks));
        classes = ClassList.Find(root);
        ClassNames = classes?.Names ?? VocClasses.Names;
        if (ClassNames.SequenceEqual(VocClasses.Names))
            boundaries = FindBoundaries(root);
    }

    /// <inheritdoc/>
    public string Root { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> ClassNames { get; }

    /// <inheritdoc/>
    public LabelMap? Colours => classes?.Colours;

    /// <inheritdoc/>
    public IReadOnlyList<string> Notes => classes is not null
        ? []
        : [$"There is no {ClassList.Files} in '{Root}': the {VocClasses.Names.Count} class names of PASCAL VOC are assumed."];

    /// <inheritdoc/>
    public IReadOnlyList<string> Splits =>
        [.. lists.Splits.Concat(IsMadeUp(Augmented) ? [Augmented] : []).Order(StringComparer.Ordinal)];

    /// <summary>Opens a folder that has this layout, or the <c>VOC2012</c> or <c>VOCdevkit/VOC2012</c> in it; null for another.</summary>
    /// <exception cref="DataException">A list of classes is there and unusable.</exception>
    public static VocDataset? TryOpen(string path) =>
        new[] { path, Path.Combine(path, "VOC2012"), Path.Combine(path, "VOCdevkit", "VOC2012") }
            .Where(folder => Directory.Exists(ListFolder(folder)))
            .Select(folder => new VocDataset(folder)).FirstOrDefault();

    /// <inheritdoc/>
    public SplitListing List(string split, CancellationToken cancellation)
    {
        bool isMadeUp = IsMadeUp(split);
        var listing = new SplitListing(split, isMadeUp ? boundaries!.Root : lists.SourceOf(split));
        if (split == Augmented && !isMadeUp && !lists.IsThere(split))
        {
            listing.Report(listing.Source,
                $"The split '{split}' is missing: it takes '{listing.Source}' and 'SegmentationClassAug', or the lists of train and val "
                + "and the SBD's 'benchmark_RELEASE' in this folder or beside the VOCdevkit.");
            return listing;
        }

        List<ListedName> names = isMadeUp ? AugmentedNames(listing) : [.. lists.Read(split, listing).Select(WithoutExtension)];
        listing.IsLabelled = split != "test" || names.Count == 0
            || names.Any(listed => maskFiles.Find(listed.Name, MaskExtensions) is not null);
        foreach (ListedName listed in names)
        {
            cancellation.ThrowIfCancellationRequested();
            Add(listing, listed);
        }

        return listing;
    }

    /// <inheritdoc/>
    public IEnumerable<LabelFolder> Folders() =>
        Splits.Except(Official).Any() ? [new(images, masks), new(images, augmentedMasks)] : [new(images, masks)];

    private bool IsMadeUp(string split) => split == Augmented && boundaries is not null && lists.HasParts && !lists.IsThere(split);

    // VOC lists names without extension, other tools those of files.
    private ListedName WithoutExtension(ListedName listed) =>
        ImageFormats.IsImage(listed.Name) && File.Exists(Path.Combine(images, listed.Name))
        ? listed with { Name = Path.ChangeExtension(listed.Name, null) }
        : listed;

    private List<ListedName> AugmentedNames(SplitListing listing)
    {
        HashSet<string> held = [.. lists.Read("val", listing).Select(listed => listed.Name)];
        IEnumerable<ListedName> all = lists.Read("train", listing).Concat(boundaries!.Lists.Read("trainval", listing));
        return [.. all.DistinctBy(listed => listed.Name).Where(listed => !held.Contains(listed.Name))];
    }

    private void Add(SplitListing listing, ListedName listed)
    {
        var (name, list) = listed;
        string? image = FindImage(name), mask = FindMask(name, listing.Split);
        if (image is null)
            ReportNoImage(listing, listed);
        if (!listing.IsLabelled)
        {
            if (image is not null)
                listing.Images.Add(new DatasetImage(name, image));
            return;
        }

        if (mask is null)
            ReportNoMask(listing, listed);
        else if (image is not null)
            listing.Add(new SegmentationItem(name, image, mask) { Labels = LabelsOf(mask) });
    }

    private void ReportNoImage(SplitListing listing, ListedName listed)
    {
        var (name, list) = listed;
        string expected = Path.Combine(images, name + ImageFormats.ReadExtensions[0]);
        if (imageFiles.FindAny(name) is { } other)
            listing.Report(other,
                $"'{list}' lists '{name}', whose image '{other}' is not read: images are {ImageFormats.Description} files.");
        else
        {
            string more = string.Join(", ", ImageFormats.ReadExtensions.Skip(1));
            listing.Report(expected, $"'{list}' lists '{name}', but '{expected}' (or {more}) is not there.");
        }
    }

    private void ReportNoMask(SplitListing listing, ListedName listed)
    {
        var (name, list) = listed;
        if (maskFiles.FindAny(name) is { } other)
            listing.Report(other, $"'{list}' lists '{name}', whose mask '{other}' is not read: masks are PNG files of class indices.");
        else
            listing.Report(MaskOf(name), $"'{list}' lists '{name}', but its mask '{MaskOf(name)}' is not there.");
    }

    private string? FindImage(string name) =>
        imageFiles.Find(name, ImageFormats.ReadExtensions) ?? (boundaries?.ImageOf(name) is { } image && File.Exists(image) ? image : null);

    private string? FindMask(string name, string split)
    {
        string? mask = maskFiles.Find(name, MaskExtensions);
        if (mask is not null || Official.Contains(split))
            return mask;
        return augmentedMaskFiles.Find(name, ".png") ?? (boundaries?.LabelsOf(name) is { } labels && File.Exists(labels) ? labels : null);
    }

    private string MaskOf(string name) => Path.Combine(masks, name + ".png");

    private ILabelReader LabelsOf(string mask) =>
        Path.GetExtension(mask) == ".mat" ? SbdLabels.Instance : classes?.Labels ?? PngLabels.Instance;

    /// <summary>The SBD in or beside a folder. Only one named like VOC's is looked around, lest a neighbour be taken for a part.</summary>
    private static SbdDataset? FindBoundaries(string root)
    {
        List<string> places = [root];
        if (Path.GetFileName(root) == "VOC2012" && Path.GetDirectoryName(root) is { } parent)
        {
            places.Add(parent);
            if (Path.GetFileName(parent) == "VOCdevkit" && Path.GetDirectoryName(parent) is { } around)
                places.Add(around);
        }

        return places.SelectMany(_ => BoundaryFolders, Path.Combine).Select(SbdDataset.TryOpen).FirstOrDefault(found => found is not null);
    }

    private static string ListFolder(string root) => Path.Combine(root, "ImageSets", "Segmentation");
}
