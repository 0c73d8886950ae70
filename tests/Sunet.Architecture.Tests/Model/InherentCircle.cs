namespace Sunet.Architecture.Tests.Model;

/// <summary>A circle of files that belongs to the matter, listed exactly.</summary>
/// <param name="Project">The name of the project.</param>
/// <param name="Room">The room of all the files.</param>
/// <param name="Files">The files, relative to the project, each for its parts, too.</param>
internal sealed record InherentCircle(string Project, string Room, params string[] Files);
