using System.Text.RegularExpressions;

namespace Sunet.Architecture.Tests.Sources;

/// <summary>The rules of source files as text. Each returns one line for every place that breaks it.</summary>
internal static partial class TextRules
{
    /// <summary>The most characters of a line, as .editorconfig says, too.</summary>
    public const int LongestLine = 140;

    /// <summary>The most lines of a file.</summary>
    public const int LongestFile = 400;

    // Statements at the top of a program, usings for a project, and attributes of an assembly declare no type.
    private static readonly string[] Typeless = ["GlobalUsings", "AssemblyInfo", "Program"];

    public static IReadOnlyList<string> LongLines(IEnumerable<SourceFile> files) =>
        [.. files.Where(f => f.Lines.Any(IsLong)).Select(f => $"{f.Path}: lines {string.Join(", ", LongIn(f))}")];

    /// <summary>The number of lines that are too long.</summary>
    public static int CountLongLines(IEnumerable<SourceFile> files) => files.Sum(f => f.Lines.Count(IsLong));

    public static IReadOnlyList<string> LongFiles(IEnumerable<SourceFile> files) =>
        [.. files.Where(f => f.Lines.Count > LongestFile).Select(f => $"{f.Path} has {f.Lines.Count} lines")];

    /// <summary>Summaries that say nothing where an editor shows them alone.</summary>
    public static IReadOnlyList<string> LeaningSummaries(IEnumerable<SourceFile> files) =>
    [
        .. files.SelectMany(f => LeaningSummary().Matches(f.Text)
            .Select(m => $"{f.Path}:{f.Text.AsSpan(0, m.Index).Count('\n') + 1} begins \"{m.Groups[1].Value.Trim()} ...\"")),
    ];

    /// <summary>Files that declare no type of their name; <c>Name.Part.cs</c> and <c>Name.cs</c> both declare <c>Name</c>.</summary>
    public static IReadOnlyList<string> MisnamedFiles(IEnumerable<SourceFile> files) =>
    [
        .. files.Where(f => !Typeless.Contains(Stem(f.Path)) && !Declares(f.Text, Stem(f.Path)))
            .Select(f => $"{f.Path} declares no type {Stem(f.Path)}; it declares {Declared(f.Text)}"),
    ];

    /// <summary>The number of inputs that are read by position.</summary>
    public static int PositionalInputs(IEnumerable<SourceFile> files) => files.Sum(f => PositionalInput().Count(f.Text));

    private static bool IsLong(string line) => line.Length > LongestLine;

    private static IEnumerable<int> LongIn(SourceFile file) => file.Lines.Select((line, i) => IsLong(line) ? i + 1 : 0).Where(i => i > 0);

    private static bool Declares(string text, string name) => Declaration().Matches(text).Any(m => m.Groups[1].Value == name);

    private static string Declared(string text) =>
        string.Join(", ", Declaration().Matches(text).Select(m => m.Groups[1].Value).DefaultIfEmpty("none"));

    private static string Stem(string path)
    {
        string name = Path.GetFileName(path);
        return name[..name.IndexOf('.', StringComparison.Ordinal)];
    }

    [GeneratedRegex("""
        ^(?!\s*//)[\w\s\[\](),."]*                                       # modifiers and attributes, but no comment
        \b(?:class|struct|interface|enum|record|delegate\s.+?)\s+
        (?!class\b|struct\b)(\w+)\s*(?:[<({:;]|where\b|//|$)
        """, RegexOptions.Multiline | RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Declaration();

    [GeneratedRegex(@"<summary>\s*(?:///\s*)?(The same\b|Such as\b|As |Of |That of\b|Those of\b)")]
    private static partial Regex LeaningSummary();

    [GeneratedRegex(@"Inputs\[[0-9]")]
    private static partial Regex PositionalInput();
}
