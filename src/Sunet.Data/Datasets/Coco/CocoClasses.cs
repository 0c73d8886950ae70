using Sunet.Data.Datasets.Labels;
using Sunet.Data.Datasets.Layouts;

namespace Sunet.Data.Datasets.Coco;

/// <summary>The classes of a data set in the layout of MS-COCO, and which of them each category is.</summary>
/// <remarks>
/// <para>The classes are the names of <c>classes.txt</c>, background first, where there is one. Else they are PASCAL VOC's where the
/// categories are those of MS-COCO, all 80 and no other. Else the data set has classes of its own: background, and behind it the
/// categories of its annotation files, in order of id.</para>
/// <para>A category is the class of the same name, without blanks around either; else, of MS-COCO's, the class that PASCAL VOC names
/// otherwise; else the class whose name differs in letter case alone, where no other class or category does. The others are background.
/// Among classes of its own, a category named background is class 0, and one without objects that other categories name as their
/// supercategory is none.</para>
/// </remarks>
internal sealed class CocoClasses
{
    private const string Background = "background";

    private readonly Dictionary<string, byte> labels = new(StringComparer.Ordinal);
    private readonly string? list;

    private CocoClasses(IReadOnlyList<string> names, string? list, string? note)
    {
        (Names, this.list, Note) = (names, list, note);
        for (int i = 1; i < names.Count; i++)
            labels.Add(names[i], (byte)i);
    }

    /// <summary>The classes' names by index.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>A sentence on where the names are from; null where that needs none.</summary>
    public string? Note { get; }

    /// <summary>Whether <c>classes.txt</c> names them.</summary>
    public bool AreListed => list is not null;

    /// <summary>PASCAL VOC's classes, for the categories of MS-COCO.</summary>
    public static CocoClasses OfVoc { get; } = new(VocClasses.Names, null, null);

    /// <summary>The classes that a file names.</summary>
    /// <exception cref="DataException">It is unusable.</exception>
    public static CocoClasses Listed(string path) => new(ClassNamesFile.Read(path), path, null);

    /// <summary>The categories of a data set's annotation files as its classes.</summary>
    /// <param name="files">At least one; names that several have are one class.</param>
    /// <param name="root">The data set's folder.</param>
    /// <exception cref="DataException">
    /// There is no category, or too many, or one has no usable name; or a file has MS-COCO's, which are other classes by themselves.
    /// </exception>
    public static CocoClasses Own(IReadOnlyList<CocoFile> files, string root)
    {
        if (files.FirstOrDefault(file => CocoCategories.ArePublished(file.Categories)) is { } published)
        {
            throw new DataException(
                $"'{published.Path}' has the categories of MS-COCO, and another split of '{root}' has others; name the classes of both in "
                + "a 'classes.txt' beside the folder 'annotations', background first.", published.Path);
        }

        HashSet<string> used = [.. files.SelectMany(UsedNames)];
        HashSet<string> groups = [.. files.SelectMany(file => file.Categories).Where(c => c.Group != c.Name).Select(c => c.Group)];
        string[] names =
        [
            .. files.SelectMany(file => file.Categories.OrderBy(category => category.Id)).Select(category => category.Name).Distinct()
                .Where(name => !CocoCategories.IsBackground(name) && (used.Contains(name) || !groups.Contains(name))),
        ];
        if (names.Length == 0)
        {
            throw new DataException(
                $"'{files[0].Path}' has no category besides background, so that there is nothing to segment.", files[0].Path);
        }

        string[] classes = [Background, .. names];
        ClassNamesFile.Require(classes, files[0].Path);
        return new CocoClasses(classes, null,
            $"'{root}' has no classes.txt: its classes are '{Background}' and the categories of its annotations, in order of id: "
            + $"{NamesInWords.Quoted(names)}.");
    }

    /// <summary>Whether a file is read by torchvision's recipe: the categories of MS-COCO as PASCAL VOC's classes.</summary>
    public bool FollowsRecipe(CocoFile file) =>
        Names.SequenceEqual(VocClasses.Names) && CocoCategories.ArePublished(file.Categories);

    /// <summary>The class of each category by the category's number; 0 for background.</summary>
    /// <param name="file">The annotation file.</param>
    /// <param name="listing">Told of classes that no category is, and of categories that are background.</param>
    /// <exception cref="DataException">A number is there twice, no category is a class, or class 0 is a category with objects.</exception>
    public Dictionary<long, byte> Labels(CocoFile file, SplitListing listing)
    {
        var found = new Dictionary<long, byte>();
        foreach (CocoCategory category in file.Categories)
        {
            if (!found.TryAdd(category.Id, LabelOf(category.Name, file)))
                throw new DataException($"'{file.Path}' has category {category.Id} twice.", file.Path);
        }

        if (list is not null)
            RequireBackground(file);
        if (found.Values.All(label => label == 0))
        {
            throw new DataException(
                $"None of the {file.Categories.Count} categories of '{file.Path}' is a class of the data set "
                + $"({NamesInWords.Quoted(labels.Keys)}); "
                + $"they are {NamesInWords.Quoted(file.Categories.Select(category => category.Name))}. Name those to keep in "
                + "'classes.txt' beside the folder 'annotations', background first.", file.Path);
        }

        if (list is not null)
            Report(file, found, listing);
        return found;
    }

    private byte LabelOf(string name, CocoFile file)
    {
        if (labels.TryGetValue(name, out byte label) || labels.TryGetValue(CocoCategories.VocName(name), out label))
            return label;
        string[] alike = [.. labels.Keys.Where(known => IsAlike(known, name))];
        bool isAlone = alike.Length == 1 && file.Categories.Where(c => IsAlike(c.Name, name)).DistinctBy(c => c.Name).Count() == 1;
        return isAlone ? labels[alike[0]] : (byte)0;
    }

    private void RequireBackground(CocoFile file)
    {
        string first = Names[0];
        if (CocoCategories.IsBackground(first))
            return;
        IEnumerable<CocoCategory> same = file.Categories.Where(c => IsAlike(c.Name, first) || CocoCategories.VocName(c.Name) == first);
        HashSet<long> ids = [.. same.Select(category => category.Id)];
        int objects = file.Annotations.Count(annotation => ids.Contains(annotation.CategoryId));
        if (objects > 0)
        {
            throw new DataException(
                $"'{list}' begins with '{first}', a category that has objects in '{file.Path}' ({objects}), but the first class is the "
                + $"background: put the line '{Background}' before it.", list);
        }
    }

    private void Report(CocoFile file, Dictionary<long, byte> found, SplitListing listing)
    {
        string[] missing = [.. labels.Where(known => !found.ContainsValue(known.Value)).Select(known => known.Key)];
        if (missing.Length > 0)
        {
            string problem =
                $"No category of '{file.Path}' is named {NamesInWords.Quoted(missing)}, as '{list}' has it; its categories are "
                + $"{NamesInWords.Quoted(file.Categories.Select(category => category.Name))}.";
            listing.Doubt(list!, problem);
        }

        foreach (CocoCategory category in file.Categories.Where(c => found[c.Id] > 0 && IsAlike(c.Name, Names[found[c.Id]])))
        {
            if (category.Name != Names[found[category.Id]])
                listing.Notes.Add($"The category '{category.Name}' of '{file.Path}' is taken for the class '{Names[found[category.Id]]}'.");
        }

        CocoCategory[] dropped = [.. file.Categories.Where(c => found[c.Id] == 0 && !CocoCategories.IsBackground(c.Name))];
        HashSet<long> ids = [.. dropped.Select(category => category.Id)];
        int objects = file.Annotations.Count(annotation => ids.Contains(annotation.CategoryId));
        if (objects > 0)
        {
            listing.Notes.Add(
                $"'{list}' does not name all categories of '{file.Path}': objects ({objects}) are background where they are of "
                + $"{NamesInWords.Quoted(dropped.Select(category => category.Name))}.");
        }
    }

    private static IEnumerable<string> UsedNames(CocoFile file)
    {
        HashSet<long> ids = [.. file.Annotations.Select(annotation => annotation.CategoryId)];
        return file.Categories.Where(category => ids.Contains(category.Id)).Select(category => category.Name);
    }

    private static bool IsAlike(string one, string other) => one.Equals(other, StringComparison.OrdinalIgnoreCase);
}
