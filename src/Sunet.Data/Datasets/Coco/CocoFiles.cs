using Sunet.Data.Datasets.Layouts;

namespace Sunet.Data.Datasets.Coco;

/// <summary>
/// The annotation files of a data set, <c>annotations/instances_&lt;name&gt;.json</c>, and the folders that their images are in.
/// </summary>
/// <remarks>
/// A split has the name of its file. Those of MS-COCO itself, <c>train2017</c>, <c>val2014</c> and so on, are also <c>train</c> and
/// <c>val</c>, of 2017 where both years are there.
/// </remarks>
/// <param name="root">The data set's folder.</param>
internal sealed class CocoFiles(string root)
{
    private const string Beginning = "instances_";
    private static readonly string[] Years = ["2017", "2014"];
    private static readonly string[] Parts = ["train", "val"];

    /// <summary>Where annotation files lie.</summary>
    public string Folder { get; } = Path.Combine(root, "annotations");

    /// <summary>
    /// The splits, <c>train</c> and <c>val</c> first. Where there is one of these, a file without a folder of images is none, such as a
    /// list of some images of the others.
    /// </summary>
    /// <exception cref="DataException">The folder cannot be read.</exception>
    public IReadOnlyList<string> Splits
    {
        get
        {
            string[] usual = [.. Parts.Where(part => NameOf(part) is not null)];
            string[] dated = [.. Parts.SelectMany(part => Years.Select(year => part + year))];
            IEnumerable<string> others = Names.Except(usual).Except(dated);
            return usual.Length == 0 ? [.. others] : [.. usual, .. others.Where(name => Images(name) is not null)];
        }
    }

    /// <summary>The name of a split's file, with its year; null where there is none.</summary>
    /// <exception cref="DataException">The folder cannot be read.</exception>
    public string? NameOf(string split)
    {
        IReadOnlyList<string> names = Names;
        IEnumerable<string> dated = Parts.Contains(split) ? Years.Select(year => split + year) : [];
        return dated.Prepend(split).FirstOrDefault(names.Contains);
    }

    /// <summary>The file of a name.</summary>
    public string PathOf(string name) => Path.Combine(Folder, $"{Beginning}{name}.json");

    /// <summary>The folder of a name's images; null where there is none.</summary>
    /// <exception cref="DataException">A folder cannot be read.</exception>
    public string? Images(string name)
    {
        if (ImageFolders(name).FirstOrDefault(Directory.Exists) is { } own)
            return own;
        string shared = Path.Combine(root, "images");
        return Directory.Exists(shared) && FileTree.Names(shared, Directory.GetFiles).Count > 0 ? shared : null;
    }

    /// <summary>Where a name's images are looked for; last in a folder <c>images</c> that has files itself.</summary>
    public IReadOnlyList<string> ImageFolders(string name) => [Path.Combine(root, name), Path.Combine(root, "images", name)];

    private IReadOnlyList<string> Names => !Directory.Exists(Folder)
        ? []
        : [.. FileTree.Names(Folder, folder => Directory.GetFiles(folder, Beginning + "*.json"))
            .Select(name => name[Beginning.Length..]).Where(name => name.Length > 0)];
}
