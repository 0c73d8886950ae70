using Sunet.Data.Datasets.Labels;
using Sunet.Data.Images;

namespace Sunet.Data.Datasets.Layouts;

/// <summary>
/// Folders of images beside folders of masks with the same names, in a data set that has no layout of its own: <c>train/image</c> and
/// <c>train/label</c>, <c>images/val</c> and <c>masks/val</c>, <c>train</c> and <c>trainannot</c>, or two folders without splits, whose one
/// split is then <c>train</c>.
/// </summary>
/// <remarks>
/// Names of folders tell which are images and which are masks; where they do not, masks are those whose files have one channel or few
/// colours, and the sizes of the images. Folders of classes for a classifier differ from both.
/// </remarks>
internal sealed class FolderPairs
{
    private const string OnlySplit = "train";

    // More folders than these are classes; and so are more than a few that no name tells of.
    private const int MostFolders = 64, MostOfASplit = 8, MostUnnamed = 3;

    private FolderPairs(string root, IReadOnlyList<SplitFolders> splits, NamePairing names, bool isAmbiguous)
    {
        (Root, Splits, Names, IsAmbiguous) = (root, splits, names, isAmbiguous);
    }

    /// <summary>The data set's folder.</summary>
    public string Root { get; }

    /// <summary>The folders of each split; that of the first has both images and masks.</summary>
    public IReadOnlyList<SplitFolders> Splits { get; }

    /// <summary>How the names of images and masks go together in the first split.</summary>
    public NamePairing Names { get; }

    /// <summary>Whether other folders may be meant as well.</summary>
    public bool IsAmbiguous { get; }

    /// <summary>Finds the folders of a data set.</summary>
    /// <param name="root">A folder, as a full path.</param>
    /// <returns>Null where there are none.</returns>
    public static FolderPairs? Find(string root)
    {
        List<Folder> folders = Collect(root);
        var splits = new List<SplitFolders>();
        NamePairing? names = null;
        bool isAmbiguous = false;
        IEnumerable<IGrouping<string, Folder>> groups = folders.GroupBy(folder => folder.Name.Split ?? OnlySplit);
        foreach (IGrouping<string, Folder> group in groups.OrderBy(group => Order(group.Key)))
        {
            if (Pair([.. group]) is not [var (images, masks, found), .. var others])
                continue;
            names ??= found;
            isAmbiguous |= others.Length > 0;
            splits.Add(new SplitFolders(group.Key, images.Path, masks.Path));
        }

        if (names is null)
            return null;
        foreach (Folder images in folders.Where(folder => folder.Name is { Split: "test", Role: FolderRole.Images }))
        {
            if (splits.All(known => known.Split != "test"))
                splits.Add(new SplitFolders("test", images.Path, Path.Combine(root, "test_masks")));
        }

        return new FolderPairs(root, splits, names, isAmbiguous);
    }

    /// <summary>Opens the data set.</summary>
    /// <param name="classes">Class names; null for those of a list beside the folders.</param>
    /// <exception cref="DataException">
    /// There is no list, or other folders may be meant; the message has the YAML file that reads the data set.
    /// </exception>
    public YamlDataset Open(IReadOnlyList<string>? classes)
    {
        ClassList? listed = ClassList.Find(Root);
        IReadOnlyList<string>? names = classes ?? listed?.Names;
        if (names is null || IsAmbiguous)
            throw FolderAdvice.For(this, names);
        return new YamlDataset(new DatasetDescription(Root, Root, Splits, names, listed?.Labels ?? PngLabels.Instance)
        {
            ImageSuffix = Names.ImageSuffix,
            MaskSuffix = Names.MaskSuffix,
            Colours = listed?.Colours,
        });
    }

    /// <summary>The ways to pair folders of one split; those whose names say what they are come alone.</summary>
    private static (Folder Images, Folder Masks, NamePairing Names)[] Pair(IReadOnlyList<Folder> folders)
    {
        if (folders.Count is < 2 or > MostOfASplit)
            return [];
        Folder[] images = [.. folders.Where(folder => folder.Name.Role == FolderRole.Images)];
        Folder[] masks = [.. folders.Where(folder => folder.Name.Role == FolderRole.Masks)];

        // The images of 'trainannot' are in 'train'.
        if (images.Length == 0 && masks.Length == 1)
            images = [.. folders.Where(folder => folder.IsSplit)];
        if (images.Length == 1 && masks.Length == 1 && NamePairing.Find(images[0].Files, masks[0].Files) is { } named
            && (folders.Count == 2 || MaskEvidence.IsMaskOf(images[0].Path, masks[0].Path, named)))
        {
            return [(images[0], masks[0], named)];
        }

        if (images.Length + masks.Length == 0 && folders.Count > MostUnnamed)
            return [];
        return
        [
            .. from image in folders
               from mask in folders
               where image != mask && image.Name.Role != FolderRole.Masks && mask.Name.Role != FolderRole.Images
               let names = NamePairing.Find(image.Files, mask.Files)
               where names is not null && MaskEvidence.IsMaskOf(image.Path, mask.Path, names)
               select (image, mask, names),
        ];
    }

    /// <summary>The folders with images directly in them, up to two levels down.</summary>
    private static List<Folder> Collect(string root)
    {
        var found = new List<Folder>();
        try
        {
            foreach (string outer in Children(root))
            {
                FolderName name = FolderName.Parse(Path.GetFileName(outer));
                Add(found, outer, name);
                foreach (string inner in Children(outer))
                    Add(found, inner, FolderName.Parse(Path.GetFileName(inner)).Within(name));
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return [];
        }

        return found;
    }

    private static void Add(List<Folder> found, string path, FolderName name)
    {
        string[] files =
        [
            .. Directory.EnumerateFiles(path).Where(file => FileTree.IsVisible(file) && ImageFormats.IsImage(file))
                .Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal),
        ];
        if (files.Length > 0)
            found.Add(new Folder(path, name, files));
    }

    private static string[] Children(string folder)
    {
        string[] children = [.. Directory.EnumerateDirectories(folder).Where(FileTree.IsVisible).Take(MostFolders + 1)];
        return children.Length > MostFolders ? [] : [.. children.Order(StringComparer.Ordinal)];
    }

    private static int Order(string split) => split switch { "train" => 0, "val" => 1, _ => 2 };

    private sealed record Folder(string Path, FolderName Name, IReadOnlyList<string> Files)
    {
        /// <summary>Whether its own name is that of a split and nothing else.</summary>
        public bool IsSplit => FolderName.Parse(System.IO.Path.GetFileName(Path)) is { Split: not null, Role: FolderRole.Unknown };
    }
}
