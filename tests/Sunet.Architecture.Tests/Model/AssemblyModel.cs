namespace Sunet.Architecture.Tests.Model;

/// <summary>The types of an assembly and the arrows between their files.</summary>
/// <param name="Name">The name of the project.</param>
/// <param name="Types">The types that source files of the project declare.</param>
/// <param name="Arrows">The uses of types across files, each once.</param>
internal sealed record AssemblyModel(string Name, IReadOnlyList<DeclaredType> Types, IReadOnlyList<Arrow> Arrows)
{
    /// <summary>The names of the assemblies that the assembly references.</summary>
    public IReadOnlyList<string> References { get; init; } = [];

    public IReadOnlyList<string> Rooms => [.. Types.Select(t => t.Room).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>The circles of rooms.</summary>
    public IReadOnlyList<IReadOnlyList<string>> RoomCircles() =>
        Circles.Find(Arrows.Where(a => a.FromRoom != a.ToRoom).Select(a => (Label(a.FromRoom), Label(a.ToRoom))));

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
