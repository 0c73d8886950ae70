namespace Sunet.Architecture.Tests.Model;

/// <summary>The types of an assembly and the arrows between their files.</summary>
/// <param name="Name">The name of the project.</param>
/// <param name="Types">The types that source files of the project declare.</param>
/// <param name="Arrows">The uses of types across files, each once.</param>
internal sealed record AssemblyModel(string Name, IReadOnlyList<DeclaredType> Types, IReadOnlyList<Arrow> Arrows)
{
    /// <summary>The names of the assemblies that the assembly references.</summary>
    public IReadOnlyList<string> References { get; init; } = [];

    /// <summary>
    /// The arrows of <see langword="using"/> lines to rooms of the same assembly: they show what the compiled code cannot, such as
    /// the use of a constant.
    /// </summary>
    public IReadOnlyList<Arrow> Usings { get; init; } = [];

    /// <summary>The arrows from room to room: a <see langword="using"/> line adds one where the compiled code shows none.</summary>
    public IEnumerable<Arrow> Between
    {
        get
        {
            HashSet<(string, string)> shown = [.. Arrows.Select(a => (a.FromFile, a.ToRoom))];
            return Arrows.Concat(Usings.Where(u => !shown.Contains((u.FromFile, u.ToRoom)))).Where(a => a.FromRoom != a.ToRoom);
        }
    }

    /// <summary>The rooms that have types, sorted.</summary>
    public IReadOnlyList<string> Rooms => [.. Types.Select(t => t.Room).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>The circles of rooms.</summary>
    public IReadOnlyList<IReadOnlyList<string>> RoomCircles() =>
        Circles.Find(Between.Select(a => (Label(a.FromRoom), Label(a.ToRoom))));

    /// <summary>
    /// The circles of files inside a room. The parts of a type stand for one file, the one that bears its name: moving a method
    /// from <c>Name.cs</c> to <c>Name.Part.cs</c> opens no circle.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<string>> FileCircles(string room) =>
        Circles.Find(Arrows.Where(a => a.FromRoom == room && a.ToRoom == room).Select(a => (Whole(a.FromFile), Whole(a.ToFile))));

    /// <summary>The name of a room as messages show it.</summary>
    public static string Label(string room) => room.Length == 0 ? "(root)" : room;

    /// <summary>The file of a whole type: <c>Folder/Name.cs</c> for <c>Folder/Name.Part.cs</c>.</summary>
    public static string Whole(string file)
    {
        int name = file.LastIndexOf('/') + 1;
        return file[..file.IndexOf('.', name)] + ".cs";
    }
}
