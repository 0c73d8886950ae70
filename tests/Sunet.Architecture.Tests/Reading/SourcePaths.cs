namespace Sunet.Architecture.Tests.Reading;

/// <summary>Maps the documents that a PDB names to source files of a project.</summary>
/// <param name="root">The folder of the checkout.</param>
/// <param name="project">The folder of the project, relative to the checkout, with forward slashes.</param>
internal sealed class SourcePaths(string root, string project)
{
    private readonly Dictionary<string, string?> _relative = [];
    private readonly Dictionary<string, string> _texts = [];

    /// <summary>The path within the project, with forward slashes; null for a document that the build wrote.</summary>
    /// <exception cref="InvalidDataException">The file is gone: the assembly is older than the sources.</exception>
    public string? Relative(string document)
    {
        if (!_relative.TryGetValue(document, out string? relative))
            _relative[document] = relative = Find(document.Replace('\\', '/'));
        return relative;
    }

    /// <summary>The text of a source file.</summary>
    public string Text(string relative)
    {
        if (!_texts.TryGetValue(relative, out string? text))
            _texts[relative] = text = File.ReadAllText(Path.Combine(root, project, relative));
        return text;
    }

    private string? Find(string document)
    {
        string marker = $"/{project}/";
        // The last occurrence: a checkout may itself lie in a folder of the project's name.
        int at = document.LastIndexOf(marker, StringComparison.Ordinal);
        if (at < 0 || document.Contains("/obj/", StringComparison.Ordinal) || document.EndsWith(".g.cs", StringComparison.Ordinal))
            return null;
        string relative = document[(at + marker.Length)..];
        if (!File.Exists(Path.Combine(root, project, relative)))
            throw new InvalidDataException($"{project}/{relative} is gone, but the assembly was compiled from it: build first.");
        return relative;
    }
}
