using Sunet.Data.Datasets.Coco;

namespace Sunet.Data.Datasets;

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
        $"a folder in the layout of {string.Join(", ", Folders[..^1].Select(l => l.Name))} or {Folders[^1].Name}, or a .yaml file";

    /// <summary>Recognises the layout, and reads its labels as it is told to.</summary>
    /// <exception cref="DataException">There is nothing at the path, or nothing known.</exception>
    public static IDatasetLayout Open(string path, DatasetOptions options) =>
        options.BinaryMasks ? new BinaryMaskLayout(Open(path)) : Open(path);

    /// <summary>Recognises the layout.</summary>
    /// <exception cref="DataException">There is nothing at the path, or nothing known.</exception>
    public static IDatasetLayout Open(string path)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (File.Exists(full))
        {
            return Path.GetExtension(full) is ".yaml" or ".yml"
                ? new YamlDataset(full)
                : throw new DataException($"'{full}' is no data set: give {Description}.", full);
        }

        if (!Directory.Exists(full))
            throw new DataException($"'{full}' is not there.", full);
        if (Folders.Select(layout => layout.TryOpen(full)).FirstOrDefault(found => found is not null) is { } known)
            return known;
        throw ImageNetDataset.Recognises(full)
            ? new DataException($"'{full}' has a class an image; segmentation needs a class a pixel.", full)
            : new DataException(
                $"'{full}' is no data set: it has neither {string.Join(" nor ", Folders.Select(l => $"{l.Mark} ({l.Name})"))}; "
                + "for folders of images and masks give a .yaml file.", full);
    }

    /// <summary>Whether a folder, given as a full path, has one of the layouts.</summary>
    /// <exception cref="DataException">It has one, and is unusable.</exception>
    public static bool Recognise(string folder) => Folders.Any(layout => layout.TryOpen(folder) is not null);

    /// <param name="Name">What it is called.</param>
    /// <param name="Mark">What a folder in this layout has.</param>
    /// <param name="TryOpen">Opens a folder, given as a full path; null where it has another layout.</param>
    private sealed record Layout(string Name, string Mark, Func<string, IDatasetLayout?> TryOpen);
}
