namespace Sunet.Architecture.Tests.Model;

/// <summary>The rooms of an assembly in floors: a room uses only rooms on floors below its own.</summary>
/// <param name="project">The name of the project.</param>
/// <param name="floors">The floors from the bottom up; the empty name is the room of the project's own namespace.</param>
internal sealed class Floors(string project, string[][] floors)
{
    private readonly Dictionary<string, int> _places = floors
        .SelectMany((rooms, floor) => rooms.Select(room => (room, floor))).ToDictionary(p => p.room, p => p.floor);

    public string Project => project;

    /// <summary>Every room that has a place.</summary>
    public IEnumerable<string> Rooms => _places.Keys;

    /// <summary>Whether the room has a place.</summary>
    public bool Has(string room) => _places.ContainsKey(room);

    /// <summary>
    /// Whether the arrow leads to another room on a floor that is not below the user's. No arrow of a room without a place is forbidden.
    /// </summary>
    public bool Forbids(Arrow arrow) => arrow.FromRoom != arrow.ToRoom
        && _places.TryGetValue(arrow.FromRoom, out int from) && _places.TryGetValue(arrow.ToRoom, out int to) && to >= from;
}
