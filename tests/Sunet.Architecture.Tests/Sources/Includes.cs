using System.Text.RegularExpressions;
using Sunet.Architecture.Tests.Model;

namespace Sunet.Architecture.Tests.Sources;

/// <summary>The <c>#include "..."</c> arrows between the native files below one folder.</summary>
internal sealed partial class Includes
{
    private readonly IReadOnlyList<(string From, string To)> _arrows;

    /// <param name="root">The folder that includes are relative to where they are not relative to the file, without a slash at its end.</param>
    /// <param name="files">The files below it.</param>
    public Includes(string root, IReadOnlyList<SourceFile> files)
    {
        HashSet<string> known = [.. files.Select(f => f.Path)];
        _arrows = [.. files.SelectMany(f => Include().Matches(f.Text).Select(m => m.Groups[1].Value)
            .Select(name => Resolve(root, f.Path, name, known)).OfType<string>().Select(to => (f.Path[(root.Length + 1)..], to[(root.Length + 1)..])))];
    }

    /// <summary>The includes from folder to folder: "file -> file".</summary>
    public IReadOnlyList<(string From, string To)> BetweenFolders => [.. _arrows.Where(a => Folder(a.From) != Folder(a.To))];

    /// <summary>The circles of folders.</summary>
    public IReadOnlyList<IReadOnlyList<string>> FolderCircles => Circles.Find(BetweenFolders.Select(a => (Folder(a.From), Folder(a.To))));

    /// <summary>The circles of files.</summary>
    public IReadOnlyList<IReadOnlyList<string>> FileCircles => Circles.Find(_arrows);

    /// <summary>The circles of parts, where a header and the source file of its name are one part.</summary>
    public IReadOnlyList<IReadOnlyList<string>> PartCircles =>
        Circles.Find(_arrows.Select(a => (Path.ChangeExtension(a.From, null), Path.ChangeExtension(a.To, null))).Where(a => a.Item1 != a.Item2));

    /// <summary>The folder of a file, "." for the root.</summary>
    public static string Folder(string file) => file.Contains('/', StringComparison.Ordinal) ? file[..file.LastIndexOf('/')] : ".";

    private static string? Resolve(string root, string from, string name, HashSet<string> known) =>
        new[] { Combine(Folder(from), name), Combine(root, name) }.FirstOrDefault(known.Contains);

    private static string Combine(string folder, string name)
    {
        List<string> parts = [];
        foreach (string part in $"{folder}/{name}".Split('/'))
        {
            if (part == ".." && parts.Count > 0)
                parts.RemoveAt(parts.Count - 1);
            else if (part != ".")
                parts.Add(part);
        }
        return string.Join('/', parts);
    }

    [GeneratedRegex("^\\s*#\\s*include\\s+\"([^\"]+)\"", RegexOptions.Multiline)]
    private static partial Regex Include();
}
