using System.Text.RegularExpressions;

namespace Sunet.Architecture.Tests.Reading;

/// <summary>Understands the names of types in metadata.</summary>
internal static partial class TypeNames
{
    /// <summary>Whether the compiler made the type: a closure, a state machine, a cache of delegates.</summary>
    public static bool IsGenerated(string name) => name.Contains('<', StringComparison.Ordinal) && !IsFileLocal(name);

    /// <summary>Whether the type is local to its file, and so bears a mark of the file before its name.</summary>
    public static bool IsFileLocal(string name) => FileMark().IsMatch(name);

    /// <summary>The name as the source has it: without the mark of a file and the number of type parameters.</summary>
    public static string Source(string name) => FileMark().Replace(name, "").Split('`')[0];

    [GeneratedRegex("^<[^>]+>F[0-9A-F]+__")]
    private static partial Regex FileMark();
}
