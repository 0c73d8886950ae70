using Sunet.Data.Datasets.Labels;

namespace Sunet.Data.Datasets.Layouts;

/// <summary>A name in a list.</summary>
/// <param name="Name">An image's name without extension, safe to append to a folder.</param>
/// <param name="List">The list's file, for messages.</param>
internal readonly record struct ListedName(string Name, string List);

/// <summary>A folder of lists, one for each split: text files with the name of one image a line.</summary>
/// <param name="folder">The folder; it exists.</param>
internal sealed class NameLists(string folder)
{
    private const string Both = "trainval";
    private static readonly string[] Parts = ["train", "val"];

    /// <summary>The splits that have a list, and <c>trainval</c>, which <c>train</c> and <c>val</c> make up.</summary>
    /// <exception cref="DataException">The folder cannot be read.</exception>
    public IReadOnlyList<string> Splits =>
        [.. FileTree.Names(folder, path => Directory.GetFiles(path, "*.txt")).Union(HasParts ? [Both] : []).Order(StringComparer.Ordinal)];

    /// <summary>Whether both <c>train</c> and <c>val</c> are listed.</summary>
    public bool HasParts => Parts.All(IsThere);

    /// <summary>Whether a split has a list of its own.</summary>
    public bool IsThere(string split) => File.Exists(FileOf(split));

    /// <summary>Where a split's names come from, or would if there were such a list.</summary>
    public string SourceOf(string split) => IsThere(split) || !IsMadeUp(split) ? FileOf(split) : folder;

    /// <summary>The names of a split.</summary>
    /// <param name="split">Such as <c>train</c>.</param>
    /// <param name="listing">Told of a list that is missing and of names that lead elsewhere.</param>
    /// <exception cref="DataException">A list cannot be read.</exception>
    public List<ListedName> Read(string split, SplitListing listing)
    {
        if (!IsThere(split) && IsMadeUp(split))
            return [.. Parts.SelectMany(part => Read(part, listing)).DistinctBy(listed => listed.Name)];
        string file = FileOf(split);
        if (!IsThere(split))
        {
            string there = Splits.Count > 0 ? $", only lists of {string.Join(", ", Splits)}" : "";
            listing.Report(file, $"The split '{split}' is missing: there is no '{file}'{there}.");
            return [];
        }

        var names = new List<ListedName>();
        foreach (string line in TextLines.Read(file))
        {
            string name = line.Trim();
            if (!FileTree.StaysInside(name))
                listing.Report(file, $"'{file}' lists '{name}', which lies outside the data set.");
            else if (name.Length > 0)
                names.Add(new ListedName(name, file));
        }

        return names;
    }

    private bool IsMadeUp(string split) => split == Both && HasParts;

    private string FileOf(string split) => Path.Combine(folder, split + ".txt");
}
