namespace Sunet.Data.Datasets.Labels;

/// <summary>The classes that a file beside a data set names.</summary>
/// <param name="Names">The classes' names by index.</param>
/// <param name="Labels">How masks of indices are read.</param>
/// <param name="Colours">The colours of the classes; null where none are known.</param>
internal sealed record ClassList(IReadOnlyList<string> Names, ILabelReader Labels, LabelMap? Colours)
{
    /// <summary>The files that are looked for, for messages.</summary>
    public const string Files = "classes.txt, labelmap.txt or class_names.txt";

    /// <summary>
    /// Reads <c>classes.txt</c>, or else the <c>labelmap.txt</c> of CVAT and Datumaro, or else labelme's <c>class_names.txt</c>.
    /// </summary>
    /// <param name="root">The data set's folder.</param>
    /// <returns>Null where none of them is there.</returns>
    /// <exception cref="DataException">The file is unusable.</exception>
    public static ClassList? Find(string root)
    {
        string classes = Path.Combine(root, "classes.txt"), labels = Path.Combine(root, "labelmap.txt");
        if (File.Exists(classes))
        {
            string[] names = ClassNamesFile.Read(classes);
            return new ClassList(names, PngLabels.Instance, ColoursOf(names, labels));
        }

        string[] others = [labels, Path.Combine(root, "class_names.txt")];
        return others.FirstOrDefault(File.Exists) is { } file && LabelMap.Read(file) is var map
            ? new ClassList(map.Names, map.Labels, map)
            : null;
    }

    // Beside a list of classes, a file of other labels, or another tool's file of that name, says nothing of the masks.
    private static LabelMap? ColoursOf(string[] names, string file)
    {
        try
        {
            return File.Exists(file) && LabelMap.Read(file) is var map && map.Names.SequenceEqual(names) ? map : null;
        }
        catch (DataException)
        {
            return null;
        }
    }
}
