namespace Sunet.Architecture.Tests.Model;

/// <summary>One file's use of a type that another file of the same assembly declares.</summary>
/// <param name="FromFile">The file that uses the type, relative to its project, with forward slashes.</param>
/// <param name="FromRoom">The room of the user: its namespace without the project's; empty for the project's own namespace.</param>
/// <param name="ToFile">The file that declares the type; for a type in several files, the one that bears its name.</param>
/// <param name="ToRoom">The room of the type.</param>
/// <param name="Type">The name of the type, with the types that enclose it.</param>
internal sealed record Arrow(string FromFile, string FromRoom, string ToFile, string ToRoom, string Type)
{
    public override string ToString() => $"{FromFile} -> {ToFile} ({Type})";
}
