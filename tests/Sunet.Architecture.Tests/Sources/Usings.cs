using System.Text.RegularExpressions;
using Sunet.Architecture.Tests.Model;

namespace Sunet.Architecture.Tests.Sources;

/// <summary>Reads the <see langword="using"/> lines of source files.</summary>
internal static partial class Usings
{
    /// <summary>The arrows from files to the rooms of their own project that their <see langword="using"/> lines name.</summary>
    /// <param name="project">The name of the project.</param>
    /// <param name="rooms">The rooms of the project.</param>
    /// <param name="files">The source files, with paths that begin with the project's folder.</param>
    public static IReadOnlyList<Arrow> Read(string project, IReadOnlyList<string> rooms, IEnumerable<SourceFile> files) =>
    [
        .. from file in files
        from Match line in Using().Matches(file.Text)
        let used = Room(project, rooms, line.Groups[1].Value)
        let user = Room(project, rooms, Namespace().Match(file.Text).Groups[1].Value)
        where user is not null && used is not null && user != used
        let path = file.Path[(file.Path.IndexOf(project + "/", StringComparison.Ordinal) + project.Length + 1)..]
        select new Arrow(path, user, line.Value.Trim(), used, "a using"),
    ];

    // The name may go on to a type: using static, or an alias.
    private static string? Room(string project, IReadOnlyList<string> rooms, string name) => rooms
        .Where(room => (name + ".").StartsWith(room.Length == 0 ? project + "." : $"{project}.{room}.", StringComparison.Ordinal))
        .MaxBy(room => room.Length);

    [GeneratedRegex(@"^(?:global\s+)?using\s+(?:static\s+)?(?:\w+\s*=\s*)?([\w.]+)[^;(]*;", RegexOptions.Multiline)]
    private static partial Regex Using();

    [GeneratedRegex(@"^namespace\s+([\w.]+)", RegexOptions.Multiline)]
    private static partial Regex Namespace();
}
