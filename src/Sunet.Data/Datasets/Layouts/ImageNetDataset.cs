using Sunet.Data.Datasets.Labels;
using Sunet.Data.Images;

namespace Sunet.Data.Datasets.Layouts;

/// <summary>
/// The layout of ImageNet, and of every data set with a folder a class: <c>train/&lt;class&gt;/*.JPEG</c>, <c>val/&lt;class&gt;/*.JPEG</c>.
/// A class's index is its folder's place in ordinal order.
/// </summary>
/// <remarks>
/// The folders may lie in <c>ILSVRC/Data/CLS-LOC</c>, as in the archive that Kaggle offers, and a split may be one flat folder whose
/// classes <see cref="ImageNetLabels"/> finds in a list. <c>classes.txt</c> (a name a line, in the order of the folders) or
/// <c>LOC_synset_mapping.txt</c> (<c>n01440764 tench, Tinca tinca</c>) give the classes readable names.
/// </remarks>
internal sealed class ImageNetDataset
{
    private const string SynsetFile = "LOC_synset_mapping.txt", NamesFile = "classes.txt";
    private static readonly string[] SplitNames = ["train", "val", "test"];

    private readonly string images;
    private readonly string[] classes;
    private readonly Dictionary<string, int> indices;
    private readonly string classSource;

    /// <summary>Opens the layout; no split is read yet.</summary>
    /// <param name="root">A folder for which <see cref="Recognises"/> holds.</param>
    /// <exception cref="DataException">The classes cannot be told, or a file that names them is unusable.</exception>
    public ImageNetDataset(string root)
    {
        Root = root;
        images = ImagesFolder(root);
        Dictionary<string, string> synsets = ReadSynsets(Path.Combine(root, SynsetFile));
        classSource = SplitNames.Select(SplitFolder).FirstOrDefault(HasClassFolders) ?? Path.Combine(root, SynsetFile);
        classes = Directory.Exists(classSource) ? ClassFolders(classSource) : [.. synsets.Keys.Order(StringComparer.Ordinal)];
        if (classes.Length == 0 && !File.Exists(classSource))
        {
            throw new DataException(
                $"'{root}' has no folder of classes in {string.Join(", ", SplitNames)}, and no {SynsetFile} that names classes.", root);
        }

        if (classes.Length is 0 or > ClassNamesFile.MostOfImages)
        {
            throw new DataException(
                $"'{classSource}' gives {classes.Length} classes; there are 1 to {ClassNamesFile.MostOfImages}.", classSource);
        }

        indices = classes.Select((name, index) => (name, index)).ToDictionary(c => c.name, c => c.index, StringComparer.Ordinal);
        ClassNames = Names(synsets);
    }

    /// <summary>The data set's folder.</summary>
    public string Root { get; }

    /// <summary>The classes' names by index.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>The splits it has; the official test images have no labels and are none.</summary>
    public IReadOnlyList<string> Splits => [.. SplitNames.Where(split => split == "test"
        ? HasClassFolders(SplitFolder(split))
        : Directory.Exists(SplitFolder(split)))];

    /// <summary>Whether a folder has this layout.</summary>
    public static bool Recognises(string root)
    {
        string folder = ImagesFolder(root);
        return SplitNames.Any(split => HasClassFolders(Path.Combine(folder, split)))
            || (Directory.Exists(Path.Combine(folder, "val")) && ImageNetLabels.Exist(root));
    }

    /// <summary>Finds a split's images without decoding any; reports what is wrong instead of throwing.</summary>
    /// <exception cref="DataException">A list of labels cannot be read.</exception>
    public ClassificationListing List(string split, CancellationToken cancellation)
    {
        string folder = SplitFolder(split);
        var listing = new ClassificationListing(split, folder);
        if (Path.GetFileName(split) != split || !Directory.Exists(folder))
            listing.Report(folder, $"The split '{split}' is missing: there is no folder '{folder}'.");
        else if (HasClassFolders(folder))
            ListClasses(listing, cancellation);
        else
            ListFlat(listing);
        return listing;
    }

    /// <summary>Files that belong to no class or are no images by their name; hidden ones do not count.</summary>
    public IEnumerable<DatasetFinding> Strays()
    {
        foreach (string folder in Splits.Select(SplitFolder).Where(HasClassFolders))
        {
            foreach (string file in Directory.GetFiles(folder).Where(FileTree.IsVisible).Order(StringComparer.Ordinal))
                yield return new DatasetFinding(file, $"'{file}' lies in no class's folder.");
            foreach (string file in ClassFolders(folder).SelectMany(name => FileTree.Files(Path.Combine(folder, name), (_, _) => { })))
            {
                if (!ImageFormats.IsImage(file))
                    yield return new DatasetFinding(file, $"'{file}' is no {ImageFormats.Description} file by its name.");
            }
        }
    }

    private void ListClasses(ClassificationListing listing, CancellationToken cancellation)
    {
        string[] present = ClassFolders(listing.Source);
        ReportDifference(listing, present.Except(classes), "has classes that '{0}' lacks");
        ReportDifference(listing, classes.Except(present), "lacks classes of '{0}'");
        foreach (string name in present.Where(indices.ContainsKey))
        {
            cancellation.ThrowIfCancellationRequested();
            string folder = Path.Combine(listing.Source, name);
            int before = listing.Items.Count, problems = listing.Problems.Count;
            foreach (string file in Images(folder, listing))
                listing.Items.Add(new ClassificationItem(FileTree.Stem(listing.Source, file), file, indices[name]));
            if (listing.Items.Count == before && listing.Problems.Count == problems)
                listing.Report(folder, $"The class folder '{folder}' has no images.");
        }

        listing.NotePassedOver(listing.Source, $"images are {ImageFormats.Description} files");
    }

    private void ReportDifference(ClassificationListing listing, IEnumerable<string> difference, string how)
    {
        const int Shown = 5;
        string[] names = [.. difference];
        if (names.Length == 0)
            return;
        string shown = string.Join(", ", names.Take(Shown).Select(name => $"'{name}'"));
        string more = names.Length > Shown ? $" and {names.Length - Shown} more" : "";
        listing.Report(listing.Source, $"'{listing.Source}' {string.Format(null, how, classSource)}: {shown}{more}.");
    }

    private void ListFlat(ClassificationListing listing)
    {
        string[] files = [.. Images(listing.Source, listing)];
        listing.NotePassedOver(listing.Source, $"images are {ImageFormats.Description} files");
        if (files.Length == 0)
            return;
        if (ImageNetLabels.Find(Root, listing.Split, files.Length) is not { } labels)
        {
            listing.Report(listing.Source, $"'{listing.Source}' has no folders of classes, and no list of labels is beside it: "
                + $"{ImageNetLabels.Wanted(listing.Split)} in '{Root}'.");
            return;
        }

        for (int i = 0; i < files.Length; i++)
        {
            string name = FileTree.Stem(listing.Source, files[i]);
            if (labels.ClassOf(name, i) is not { } label)
                listing.Report(files[i], $"'{labels.File}' has no label for '{files[i]}'.");
            else if (!(labels.AreIndices ? TryIndex(label, out int index) : indices.TryGetValue(label, out index)))
                listing.Report(labels.File, $"'{labels.File}' gives '{name}' the class '{label}', which is none of the {classes.Length}.");
            else
                listing.Items.Add(new ClassificationItem(name, files[i], index));
        }
    }

    private static IEnumerable<string> Images(string folder, ClassificationListing listing)
    {
        foreach (string file in FileTree.Files(folder, listing.Report))
        {
            if (ImageFormats.IsImage(file))
                yield return file;
            else if (ImageFormats.IsUnreadImage(file))
                listing.PassedOver.Add(file);
        }
    }

    private bool TryIndex(string label, out int index) =>
        int.TryParse(label, System.Globalization.NumberStyles.None, null, out index) && index < classes.Length;

    private string[] Names(Dictionary<string, string> synsets)
    {
        string file = Path.Combine(Root, NamesFile);
        if (File.Exists(file))
        {
            string[] listed = ClassNamesFile.Read(file, ClassNamesFile.MostOfImages);
            return listed.Length == classes.Length
                ? listed
                : throw new DataException($"'{file}' names {listed.Length} classes and '{classSource}' has {classes.Length}.", file);
        }

        // ImageNet has two cranes, the bird and the machine: what does not tell classes apart is told with its folder.
        ILookup<string, string> byName = classes.ToLookup(id => synsets.GetValueOrDefault(id, id), StringComparer.Ordinal);
        return
        [
            .. classes.Select(id => synsets.GetValueOrDefault(id, id) is var name && byName[name].Count() == 1 ? name : $"{name} ({id})"),
        ];
    }

    private static Dictionary<string, string> ReadSynsets(string file)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        if (!File.Exists(file))
            return names;
        foreach (string line in TextLines.Read(file).Where(line => line.Length > 0))
        {
            if (line.Split(' ', 2) is not [var id, var name] || name.Trim().Length == 0 || !names.TryAdd(id, name.Trim()))
            {
                throw new DataException(
                    $"'{file}' should have a class folder and its name on each line, every class once; it has '{line}'.", file);
            }
        }

        return names;
    }

    private string SplitFolder(string split) => Path.Combine(images, split);

    private static string ImagesFolder(string root)
    {
        string kaggle = Path.Combine(root, "ILSVRC", "Data", "CLS-LOC");
        return Directory.Exists(kaggle) ? kaggle : root;
    }

    private static bool HasClassFolders(string folder) =>
        Directory.Exists(folder) && ClassFolders(folder) is { Length: > 0 } found && !found.All(FolderName.IsRole);

    private static string[] ClassFolders(string folder)
    {
        try
        {
            IEnumerable<string> visible = Directory.GetDirectories(folder).Where(FileTree.IsVisible);
            return [.. visible.Select(name => Path.GetFileName(name)).Order(StringComparer.Ordinal)];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"'{folder}' cannot be read: {failure.Message}", folder, failure);
        }
    }

}
