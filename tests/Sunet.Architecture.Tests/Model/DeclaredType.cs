namespace Sunet.Architecture.Tests.Model;

/// <summary>A type that a source file of an assembly declares.</summary>
/// <param name="Name">The name, with the types that enclose it and without the number of type parameters.</param>
/// <param name="Room">The namespace without the project's; empty for the project's own namespace.</param>
/// <param name="Files">Every file with a part of the type; the first bears its name where one does.</param>
internal sealed record DeclaredType(string Name, string Room, IReadOnlyList<string> Files)
{
    /// <summary>The file that a use of the type points to.</summary>
    public string File => Files[0];

    /// <summary>The name without the types that enclose it.</summary>
    public string SimpleName => Name[(Name.LastIndexOf('.') + 1)..];

    /// <summary>Whether code outside the assembly can name the type.</summary>
    public bool IsPublic { get; init; }

    /// <summary>Whether only the enclosing type, or the file, can name the type.</summary>
    public bool IsPrivate { get; init; }
}
