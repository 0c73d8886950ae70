namespace Sunet.Data.Datasets;

/// <summary>
/// One split of a data set for classification. Opened by <see cref="Reading.DatasetReader"/>; safe to use from many threads.
/// </summary>
public sealed class ClassificationDataset
{
    internal ClassificationDataset(string root, string split, IReadOnlyList<string> classNames, IReadOnlyList<ClassificationItem> items)
    {
        Root = root;
        Split = split;
        ClassNames = classNames;
        Items = items;
    }

    /// <summary>The name of the data set's folder.</summary>
    public string Name => Path.GetFileName(Root);

    /// <summary>The data set's folder.</summary>
    public string Root { get; }

    /// <summary>The name of the split, such as <c>train</c> or <c>val</c>.</summary>
    public string Split { get; }

    /// <summary>The classes' names by index; no two are equal.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>The number of classes.</summary>
    public int ClassCount => ClassNames.Count;

    /// <summary>The images, class by class and by name, or in the order of the split's list; at least one.</summary>
    public IReadOnlyList<ClassificationItem> Items { get; }

    /// <summary>Files in the split's folders that are images by their names and are not read, such as those of other formats.</summary>
    public IReadOnlyList<string> PassedOver { get; internal init; } = [];

    /// <summary>What a user should know of the split and is no defect, a sentence each.</summary>
    public IReadOnlyList<string> Notes { get; internal init; } = [];
}
