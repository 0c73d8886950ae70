using Sunet.Data.Datasets.Coco;
using Sunet.Data.Datasets.Layouts;

namespace Sunet.Data.Datasets.Reading;

/// <summary>The layouts that data sets are recognised by.</summary>
internal static class DatasetLayouts
{
    private static readonly Layout[] Folders =
    [
        new("PASCAL VOC", "'ImageSets/Segmentation'", VocDataset.TryOpen),
        new("Cityscapes", "'leftImg8bit'", CityscapesDataset.TryOpen),
        new("MS-COCO", "'annotations/instances_*.json'", CocoDataset.TryOpen),
        new("SBD", "'benchmark_RELEASE/dataset/cls'", SbdDataset.TryOpen),
    ];

    /// <summary>What a data set can be, in words that end a sentence.</summary>
    public static string Description { get; } =
        $"a folder in the layout of {string.Join(", ", Folders[..^1].Select(l => l.Name))} or {Folders[^1].Name}, one with folders of "
        + "images and of masks and a list of classes, or a .yaml file";

    /// <summary>Recognises the layout, and reads its labels as it is told to.</summary>
    /// <param name="path">The data set.</param>
    /// <param name="options">How labels are read.</param>
    /// <param name="classes">Class names for folders of images and masks; null where a list beside them names the classes.</param>
    /// <exception cref="DataException">There is nothing at the path, or nothing known.</exception>
    public static IDatasetLayout Open(string path, DatasetOptions options, IReadOnlyList<string>? classes = null)
    {
        IDatasetLayout layout = Open(path, classes);
        return options.BinaryMasks ? new BinaryMaskLayout(layout) : layout;
    }

    /// <summary>Recognises the layout.</summary>
    /// <param name="path">The data set.</param>
    /// <param name="classes">Class names for folders of images and masks; null where a list beside them names the classes.</param>
    /// <exception cref="DataException">There is nothing at the path, or nothing known.</exception>
    public static IDatasetLayout Open(string path, IReadOnlyList<string>? classes = null)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (File.Exists(full))
        {
            return Path.GetExtension(full) is ".yaml" or ".yml"
                ? new YamlDataset(DatasetDescription.Read(full))
                : throw new DataException($"'{full}' is no data set: give {Description}.", full);
        }

        if (!Directory.Exists(full))
            throw new DataException($"'{full}' is not there.", full);
        if (Folders.Select(layout => layout.TryOpen(full)).FirstOrDefault(found => found is not null) is { } known)
            return known;
        if (FolderPairs.Find(full) is { } pairs)
            return pairs.Open(classes);
        throw ImageNetDataset.Recognises(full)
            ? new DataException($"'{full}' has a class an image; segmentation needs a class a pixel.", full)
            : new DataException(
                $"'{full}' is no data set: it has neither {string.Join(" nor ", Folders.Select(l => $"{l.Mark} ({l.Name})"))}; "
                + "for folders of images and masks give a .yaml file.", full);
    }

    /// <summary>Whether a folder, given as a full path, has one of the layouts or holds images and masks.</summary>
    /// <exception cref="DataException">It has one, and is unusable.</exception>
    public static bool Recognise(string folder) =>
        Folders.Any(layout => layout.TryOpen(folder) is not null) || FolderPairs.Find(folder) is not null;

    /// <param name="Name">What it is called.</param>
    /// <param name="Mark">What a folder in this layout has.</param>
    /// <param name="TryOpen">Opens a folder, given as a full path; null where it has another layout.</param>
    private sealed record Layout(string Name, string Mark, Func<string, IDatasetLayout?> TryOpen);
}
