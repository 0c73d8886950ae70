using Sunet.Architecture.Tests.Model;
using static Sunet.Architecture.Tests.Model.AssemblyModel;

namespace Sunet.Architecture.Tests.Rules;

/// <summary>The rules of rooms. Each returns one line for every place that breaks it.</summary>
internal static class RoomRules
{
    /// <summary>Rooms that the table has no place for, and places without a room.</summary>
    public static IReadOnlyList<string> Places(AssemblyModel assembly, Floors? floors)
    {
        if (floors is null)
            return [$"{assembly.Name} has no table of floors"];
        return
        [
            .. assembly.Rooms.Where(r => !floors.Has(r)).Select(r => $"{assembly.Name}: the room {Label(r)} has no place"),
            .. floors.Rooms.Except(assembly.Rooms).Select(r => $"{assembly.Name}: there is no room {Label(r)}, but a place for it"),
        ];
    }

    /// <summary>Uses of a room on a higher floor or on the same one.</summary>
    public static IReadOnlyList<string> ArrowsUp(AssemblyModel assembly, Floors floors) =>
        [.. assembly.Between.Where(floors.Forbids).Select(a => Show(assembly, a))];

    /// <summary>Circles of rooms, with the uses that close them.</summary>
    public static IReadOnlyList<string> RoomCircles(AssemblyModel assembly) =>
    [
        .. assembly.RoomCircles().Select(circle =>
        {
            IEnumerable<IGrouping<(string, string), Arrow>> pairs = assembly.Between
                .Where(a => circle.Contains(Label(a.FromRoom)) && circle.Contains(Label(a.ToRoom)))
                .GroupBy(a => (Label(a.FromRoom), Label(a.ToRoom)));
            return Lines($"{assembly.Name}: a circle of {string.Join(", ", circle)}",
                pairs.OrderBy(p => p.Count()).Select(p => $"{p.Key.Item1} -> {p.Key.Item2}, {p.Count()} uses such as {p.First()}"));
        }),
    ];

    /// <summary>Circles of more files than allowed inside a room, and inherent circles that are not as they are listed.</summary>
    public static IReadOnlyList<string> FileCircles(AssemblyModel assembly, int largest, IEnumerable<InherentCircle> inherent)
    {
        List<InherentCircle> listed = [.. inherent.Where(i => i.Project == assembly.Name)];
        List<string> broken = [];
        foreach (string room in assembly.Rooms)
        {
            foreach (IReadOnlyList<string> circle in assembly.FileCircles(room).Where(c => c.Count > largest))
            {
                if (listed.RemoveAll(l => l.Room == room && l.Files.Order(StringComparer.Ordinal).SequenceEqual(circle)) > 0)
                    continue;
                broken.Add(Lines($"{assembly.Name}: a circle of {circle.Count} files in {Label(room)}",
                    circle.Select(f => Uses(assembly, f, circle))));
            }
        }
        broken.AddRange(listed.Select(l => $"{l.Project}: no circle of {Label(l.Room)} is the one listed, {string.Join(" ", l.Files)}"));
        return broken;
    }

    /// <summary>Uses of a device's room by a room that knows no device.</summary>
    public static IReadOnlyList<string> Devices(AssemblyModel assembly, string[] without, string[] with) =>
        [.. assembly.Between.Where(a => IsIn(a.FromRoom, without) && IsIn(a.ToRoom, with)).Select(a => Show(assembly, a))];

    /// <summary>Types of one name. A type that only its enclosing type can name is left out.</summary>
    public static IReadOnlyList<string> TypeNames(AssemblyModel assembly) =>
    [
        .. assembly.Types.Where(t => !t.IsPrivate).GroupBy(t => t.SimpleName).Where(g => g.Count() > 1)
            .Select(g => $"{assembly.Name}: {g.Key} names {string.Join(" and ", g.Select(t => $"{t.Name} in {t.File}"))}"),
    ];

    /// <summary>Types in a namespace that is not their folder.</summary>
    public static IReadOnlyList<string> Folders(AssemblyModel assembly) =>
    [
        .. assembly.Types.SelectMany(t => t.Files.Select(f => (Type: t, File: f)))
            .Where(p => Path.GetDirectoryName(p.File)!.Replace('\\', '.').Replace('/', '.') != p.Type.Room)
            .Select(p => $"{assembly.Name}: {p.File} declares {p.Type.Name} in {Label(p.Type.Room)}"),
    ];

    /// <summary>References of a project to one that is not below it.</summary>
    public static IReadOnlyList<string> References(IReadOnlyList<AssemblyModel> assemblies, Floors projects)
    {
        IEnumerable<string> unknown = assemblies.Where(a => !projects.Has(a.Name)).Select(a => $"the project {a.Name} has no place");
        IEnumerable<Arrow> arrows = assemblies.SelectMany(a => a.References.Select(r => new Arrow(a.Name, a.Name, r, r, r)));
        return [.. unknown, .. arrows.Where(projects.Forbids).Select(a => $"{a.FromRoom} references {a.ToRoom}")];
    }

    private static bool IsIn(string room, string[] rooms) =>
        rooms.Any(r => room == r || room.StartsWith(r + ".", StringComparison.Ordinal));

    private static string Show(AssemblyModel assembly, Arrow arrow) =>
        $"{assembly.Name}: {Label(arrow.FromRoom)} uses {Label(arrow.ToRoom)}: {arrow}";

    private static string Uses(AssemblyModel assembly, string file, IReadOnlyList<string> circle)
    {
        IEnumerable<string> used = assembly.Arrows.Where(a => Whole(a.FromFile) == file)
            .Where(a => Whole(a.ToFile) != file && circle.Contains(Whole(a.ToFile)))
            .Select(a => a.Type).Distinct();
        return $"{file} -> {string.Join(", ", used)}";
    }

    private static string Lines(string first, IEnumerable<string> rest) => string.Join("\n    ", [first, .. rest]);
}
