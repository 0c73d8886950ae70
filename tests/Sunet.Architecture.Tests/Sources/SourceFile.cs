namespace Sunet.Architecture.Tests.Sources;

/// <summary>A source file as text.</summary>
/// <param name="Path">The path relative to the checkout, with forward slashes.</param>
/// <param name="Text">The whole text.</param>
internal sealed record SourceFile(string Path, string Text)
{
    /// <summary>The lines without their ends; a line end at the end of the file starts no further line.</summary>
    public IReadOnlyList<string> Lines { get; } = Split(Text);

    private static string[] Split(string text)
    {
        string[] lines = text.ReplaceLineEndings("\n").Split('\n');
        return lines[^1].Length == 0 ? lines[..^1] : lines;
    }
}
