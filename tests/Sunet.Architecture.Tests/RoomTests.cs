using Sunet.Architecture.Tests.Model;
using Sunet.Architecture.Tests.Rules;
using Sunet.Architecture.Tests.Sources;

namespace Sunet.Architecture.Tests;

/// <summary>The rooms of every project stand on floors and use only what is below them.</summary>
public sealed class RoomTests
{
    private static IReadOnlyList<AssemblyModel> Assemblies => Checkout.Current.Assemblies;

    [Fact]
    public void Rooms_EveryAssembly_HaveAPlaceInTheTable() => Expect.None(
        "Every room has a place in Rooms.cs, and every place there is a room.",
        Assemblies.SelectMany(a => RoomRules.Places(a, FloorsOf(a))));

    [Fact]
    public void Arrows_EveryAssembly_PointToFloorsBelow() => Expect.None(
        "A room uses only rooms on floors below its own.",
        Assemblies.SelectMany(a => FloorsOf(a) is { } floors ? RoomRules.ArrowsUp(a, floors) : []));

    [Fact]
    public void Arrows_EveryAssembly_CloseNoCircleOfRooms() => Expect.None(
        "No rooms use each other in a circle.",
        Assemblies.SelectMany(RoomRules.RoomCircles));

    [Fact]
    public void Arrows_EveryRoom_CloseNoLargeCircleOfFiles() => Expect.None(
        $"No more than {Rooms.LargestCircle} files of a room use each other in a circle, but for the inherent circles that Rooms.cs lists.",
        Assemblies.SelectMany(a => RoomRules.FileCircles(a, Rooms.LargestCircle, Rooms.InherentCircles)));

    [Fact]
    public void Arrows_RoomsWithoutDevices_NeverPointToInteropOrABackend() => Expect.None(
        $"{string.Join(", ", Rooms.WithoutDevices)} never use {string.Join(" or ", Rooms.WithDevices)}.",
        Assemblies.Where(a => a.Name == "Sunet.Native").SelectMany(a => RoomRules.Devices(a, Rooms.WithoutDevices, Rooms.WithDevices)));

    [Fact]
    public void References_EveryProject_PointToProjectsBelow() => Expect.None(
        "A project references only projects below it.",
        RoomRules.References(Assemblies, Rooms.Projects));

    [Fact]
    public void Namespaces_EveryType_AreTheFolderOfItsFile() => Expect.None(
        "A type's namespace is the folder of its file.",
        Assemblies.SelectMany(RoomRules.Folders));

    [Fact]
    public void TypeNames_EveryAssembly_AreUnique() => Expect.None(
        "No two types of an assembly have one name.",
        Assemblies.SelectMany(RoomRules.TypeNames));

    // Rules that look at nothing hold, too.
    [Fact]
    public void Assemblies_OfTheCheckout_AreReadWhole()
    {
        AssemblyModel core = Assemblies.Single(a => a.Name == "Sunet.Native");
        Assert.Equal(Checkout.Current.Projects, Assemblies.Select(a => a.Name));
        Assert.True(core.Types.Count > 300, $"only {core.Types.Count} types in {core.Name}");
        Assert.True(core.Arrows.Count > 1000, $"only {core.Arrows.Count} arrows in {core.Name}");
    }

    private static Floors? FloorsOf(AssemblyModel assembly) => Array.Find(Rooms.All, f => f.Project == assembly.Name);
}
