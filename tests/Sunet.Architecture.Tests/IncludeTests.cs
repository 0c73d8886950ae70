using Sunet.Architecture.Tests.Reporting;
using Sunet.Architecture.Tests.Rules;
using Sunet.Architecture.Tests.Sources;

namespace Sunet.Architecture.Tests;

/// <summary>The includes of native code close no circle, neither of folders nor of files.</summary>
public sealed class IncludeTests
{
    [Fact]
    public void Includes_NativeCode_CloseNoCircleOfFolders() => Expect.None(
        "No folders of native code include each other in a circle.",
        Native().SelectMany(n => n.Includes.FolderCircles.Select(circle => Show(n.Folder, n.Includes, circle))));

    [Fact]
    public void Includes_NativeCode_CloseNoCircleOfFiles() => Expect.None(
        "No files of native code include each other in a circle.",
        Native().SelectMany(n => n.Includes.FileCircles.Select(circle => $"{n.Folder}: {string.Join(" ", circle)}")));

    [Fact]
    public void Includes_NativeCode_CloseNoLargeCircleOfHeadersWithTheirSources() => Expect.None(
        $"No more than {Rooms.LargestCircle} headers, each with the source file of its name, include each other in a circle.",
        Native().SelectMany(n => n.Includes.PartCircles.Where(c => c.Count > Rooms.LargestCircle)
            .Select(circle => $"{n.Folder}: {string.Join(" ", circle)}")));

    [Fact]
    public void Includes_NativeCode_AreFound() =>
        Assert.All(Native(), n => Assert.True(n.Includes.Count > 50, $"only {n.Includes.Count} in {n.Folder}"));

    [Fact]
    public void Includes_PlantedCircleOfFolders_IsFound()
    {
        Includes includes = new("r", [File("low/a.hpp"), File("low/b.hpp", "high/c.hpp"), File("high/c.hpp", "../low/a.hpp")]);
        Assert.Equal(["high", "low"], Assert.Single(includes.FolderCircles));
        Assert.Empty(includes.FileCircles);
    }

    [Fact]
    public void Includes_PlantedCircleOfFiles_IsFound()
    {
        Includes includes = new("r", [File("low/a.hpp", "b.hpp"), File("low/b.hpp", "low/a.hpp"), File("main.cpp", "low/a.hpp")]);
        Assert.Equal(["low/a.hpp", "low/b.hpp"], Assert.Single(includes.FileCircles));
        Assert.Empty(includes.FolderCircles);
    }

    [Fact]
    public void Includes_PlantedCircleThroughSources_IsFound()
    {
        Includes includes = new("r", [File("a.hpp"), File("a.cpp", "a.hpp", "b.hpp"), File("b.hpp", "a.hpp")]);
        Assert.Equal(["a", "b"], Assert.Single(includes.PartCircles));
        Assert.Empty(includes.FileCircles);
    }

    private static IEnumerable<(string Folder, Includes Includes)> Native() => ArchitectureReport.NativeFolders
        .Select(folder => (folder, new Includes(folder, Checkout.Current.Files([folder], ArchitectureReport.CodeExtensions))));

    private static string Show(string folder, Includes includes, IReadOnlyList<string> circle)
    {
        IEnumerable<string> closing = includes.BetweenFolders
            .Where(a => circle.Contains(Includes.Folder(a.From)) && circle.Contains(Includes.Folder(a.To)))
            .Select(a => $"{a.From} -> {a.To}");
        return string.Join("\n    ", [$"{folder}: a circle of {string.Join(", ", circle)}", .. closing]);
    }

    private static SourceFile File(string path, params string[] included) =>
        new("r/" + path, "#include <vector>\n" + string.Concat(included.Select(i => $"#include \"{i}\"\n")));
}
