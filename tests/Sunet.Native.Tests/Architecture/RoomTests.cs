using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Sunet.Native.Tests.Architecture;

/// <summary>The floors of the library: a room uses only rooms on floors below its own.</summary>
public sealed partial class RoomTests
{
    private static readonly Dictionary<string, int> Floors = new()
    {
        ["Tensors"] = 1,
        ["Interop"] = 1,
        ["Graphs"] = 2,
        ["Checkpoints"] = 2,
        ["Ops"] = 3,
        ["Compilation"] = 4,
        ["Models"] = 5,
        ["Backends"] = 5,
        ["Training"] = 6,
        ["Inference"] = 6,
        ["Verification"] = 7,
    };

    [Fact]
    public void Usings_EveryFile_PointToFloorsBelow() => Assert.Empty(Sources().SelectMany(s => Violations(s.Room, s.Text)));

    [Fact]
    public void Usings_GraphOpsModelsTraining_NeverNameABackendOrInterop()
    {
        string[] rooms = ["Graphs", "Ops", "Models", "Training", "Inference", "Compilation"];
        Assert.DoesNotContain(Sources(), s => rooms.Contains(s.Room) && (s.Text.Contains("Native.Interop", StringComparison.Ordinal)
            || s.Text.Contains("Native.Backends", StringComparison.Ordinal)));
    }

    [Fact]
    public void Violations_PlantedUsing_IsFound() =>
        Assert.NotEmpty(Violations("Ops", "using Sunet.Native.Training;\nnamespace Sunet.Native.Ops;"));

    private static IEnumerable<string> Violations(string room, string text) => Uses().Matches(text)
        .Select(m => m.Groups[1].Value)
        .Where(used => used != room && Floors[used] >= Floors[room])
        .Select(used => $"{room} uses {used}");

    private static IEnumerable<(string Room, string Text)> Sources([CallerFilePath] string here = "")
    {
        string root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../src/Sunet.Native"));
        string[] files = Directory.GetFiles(root, "*.cs", SearchOption.AllDirectories);
        Assert.True(files.Length > 50, $"only {files.Length} sources under {root}");
        return files.Select(f => (Path.GetRelativePath(root, f).Split(Path.DirectorySeparatorChar)[0], File.ReadAllText(f)))
            .Where(s => Floors.ContainsKey(s.Item1));
    }

    [GeneratedRegex(@"^using Sunet\.Native\.(\w+)", RegexOptions.Multiline)]
    private static partial Regex Uses();
}
