namespace Sunet.Data.Datasets.Coco;

/// <summary>
/// The images of an annotation file with the objects of a data set's classes on each. Immutable; safe to use from many threads.
/// </summary>
internal sealed class CocoSplit
{
    private readonly CocoObject[] objects;
    private readonly int[] firstObject;
    private readonly double[] areas;
    private readonly List<CocoFault> faults = [];

    /// <summary>Joins images, annotations and categories.</summary>
    /// <param name="file">What was read.</param>
    /// <param name="labels">The class of each category, by the category's number; 0 for those that are background.</param>
    /// <param name="report">Told of numbers given twice and of annotations that belong to nothing, as the rest of a sentence.</param>
    public CocoSplit(CocoFile file, IReadOnlyDictionary<long, byte> labels, Action<string> report)
    {
        (Path, Length, Images) = (file.Path, file.Length, file.Images);
        Dictionary<long, int> places = Places(file, report);
        var owners = new int[file.Annotations.Count];
        firstObject = new int[file.Images.Count + 1];
        areas = new double[file.Images.Count];
        for (int i = 0; i < owners.Length; i++)
        {
            owners[i] = Owner(file.Annotations[i], places, labels, report);
            if (owners[i] >= 0)
                firstObject[owners[i] + 1]++;
        }

        // Counted before they are laid out image by image, so that one array holds the objects of all.
        for (int i = 0; i < areas.Length; i++)
            firstObject[i + 1] += firstObject[i];
        objects = new CocoObject[firstObject[^1]];
        int[] next = firstObject[..^1];
        for (int i = 0; i < owners.Length; i++)
        {
            if (owners[i] < 0)
                continue;
            CocoAnnotation annotation = file.Annotations[i];
            objects[next[owners[i]]++] = new CocoObject(annotation.Id, labels[annotation.CategoryId], annotation.Segmentation);
            areas[owners[i]] += annotation.Area;
            if (annotation.Shape.Fault(file.Images[owners[i]]) is { } reason)
                faults.Add(new CocoFault(annotation.Id, annotation.ImageId, reason));
        }

        ReportTwice(file, report);
    }

    /// <summary>The annotation file.</summary>
    public string Path { get; }

    /// <summary>The annotation file's bytes when it was read.</summary>
    public long Length { get; }

    /// <summary>The images, in the file's order.</summary>
    public IReadOnlyList<CocoImage> Images { get; }

    /// <summary>The objects of the classes, on all images.</summary>
    public int ObjectCount => objects.Length;

    /// <summary>Those among them that cover no pixel because their outline describes no area, in the file's order.</summary>
    public IReadOnlyList<CocoFault> Faults => faults;

    /// <summary>The objects on an image, in the file's order.</summary>
    public ReadOnlySpan<CocoObject> Objects(int image) => objects.AsSpan(firstObject[image]..firstObject[image + 1]);

    /// <summary>The sum of the areas that the file gives the objects on an image, in pixels.</summary>
    public double Area(int image) => areas[image];

    private static Dictionary<long, int> Places(CocoFile file, Action<string> report)
    {
        var places = new Dictionary<long, int>(file.Images.Count);
        for (int i = 0; i < file.Images.Count; i++)
        {
            if (!places.TryAdd(file.Images[i].Id, i))
                report($"has image {file.Images[i].Id} twice");
        }

        return places;
    }

    private static int Owner(
        in CocoAnnotation annotation, Dictionary<long, int> places, IReadOnlyDictionary<long, byte> labels, Action<string> report)
    {
        if (!labels.TryGetValue(annotation.CategoryId, out byte label))
            report($"has annotation {annotation.Id} of category {annotation.CategoryId}, which it does not list");
        if (places.TryGetValue(annotation.ImageId, out int image))
            return label > 0 ? image : -1;
        report($"has annotation {annotation.Id} of image {annotation.ImageId}, which it does not list");
        return -1;
    }

    private static void ReportTwice(CocoFile file, Action<string> report)
    {
        var ids = new long[file.Annotations.Count];
        for (int i = 0; i < ids.Length; i++)
            ids[i] = file.Annotations[i].Id;
        Array.Sort(ids);
        for (int i = 1; i < ids.Length; i++)
        {
            if (ids[i] == ids[i - 1])
                report($"has annotation {ids[i]} twice");
        }
    }
}
