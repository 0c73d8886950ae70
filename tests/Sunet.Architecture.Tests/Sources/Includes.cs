using System.Text.RegularExpressions;
using Sunet.Architecture.Tests.Model;

namespace Sunet.Architecture.Tests.Sources;

/// <summary>The <c>#include "..."</c> arrows between the native files below one folder.</summary>
internal sealed partial class Includes
{
    private readonly IReadOnlyList<(string From, string To)> _arrows;

    /// <param name="root">The folder, without a slash at its end. Includes are relative to their file or to this folder.</param>
    /// <param name="files">The files below it.</param>
    public Includes(string root, IReadOnlyList<SourceFile> files)
    {
        HashSet<string> known = [.. files.Select(f => f.Path)];
        _arrows =
        [
            .. from file in files
            from Match include in Include().Matches(file.Text)
            let found = Resolve(root, file.Path, include.Groups[1].Value, known)
            where found is not null
            select (file.Path[(root.Length + 1)..], found[(root.Length + 1)..]),
        ];
    }

    /// <summary>How many includes were found.</summary>
    public int Count => _arrows.Count;

    /// <summary>The includes of a file in another folder.</summary>
    public IReadOnlyList<(string From, string To)> BetweenFolders => [.. _arrows.Where(a => Folder(a.From) != Folder(a.To))];

    /// <summary>The circles of folders.</summary>
    public IReadOnlyList<IReadOnlyList<string>> FolderCircles =>
        Circles.Find(BetweenFolders.Select(a => (Folder(a.From), Folder(a.To))));

    /// <summary>The circles of files.</summary>
    public IReadOnlyList<IReadOnlyList<string>> FileCircles => Circles.Find(_arrows);

    /// <summary>The circles of parts, where a header and the source file of its name are one part.</summary>
    public IReadOnlyList<IReadOnlyList<string>> PartCircles =>
        Circles.Find(_arrows.Select(a => (From: Part(a.From), To: Part(a.To))).Where(a => a.From != a.To));

    /// <summary>The folder of a file, "." for the root.</summary>
    public static string Folder(string file) => file.Contains('/', StringComparison.Ordinal) ? file[..file.LastIndexOf('/')] : ".";

    private static string Part(string file) => file[..file.LastIndexOf('.')];

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
