using Sunet.Architecture.Tests.Model;
using Sunet.Architecture.Tests.Rules;
using Sunet.Architecture.Tests.Sources;

namespace Sunet.Architecture.Tests;

/// <summary>Each rule of rooms finds a violation that was planted in a small model.</summary>
public sealed class PlantedRoomTests
{
    private static readonly Floors Plan = new("Planted", [[""], ["Low", "Peer"], ["High"]]);

    private static readonly Arrow Down = new("High/A.cs", "High", "Low/B.cs", "Low", "B");
    private static readonly Arrow Up = new("Low/B.cs", "Low", "High/A.cs", "High", "A");
    private static readonly Arrow Across = new("Low/B.cs", "Low", "Peer/C.cs", "Peer", "C");
    private static readonly Arrow Within = new("Low/B.cs", "Low", "Low/D.cs", "Low", "D");

    [Fact]
    public void Places_RoomWithoutPlaceAndPlaceWithoutRoom_AreNamed()
    {
        AssemblyModel model = new("Planted", [Type("A", "High"), Type("E", "Attic"), Type("F", ""), Type("B", "Low")], []);
        Assert.Equal(
            ["Planted: the room Attic has no place", "Planted: there is no room Peer, but a place for it"],
            RoomRules.Places(model, Plan));
        Assert.Equal(["Planted has no table of floors"], RoomRules.Places(model, null));
    }

    [Fact]
    public void ArrowsUp_UpAndAcross_AreFound()
    {
        Assert.Equal(
            ["Planted: Low uses High: Low/B.cs -> High/A.cs (A)", "Planted: Low uses Peer: Low/B.cs -> Peer/C.cs (C)"],
            RoomRules.ArrowsUp(Model(Down, Up, Across, Within), Plan));
        Assert.Empty(RoomRules.ArrowsUp(Model(Down, Within), Plan));
    }

    [Fact]
    public void ArrowsUp_OutOfTheRootRoom_AreFound() =>
        Assert.Single(RoomRules.ArrowsUp(Model(new Arrow("F.cs", "", "Low/B.cs", "Low", "B")), Plan));

    [Fact]
    public void ArrowsUp_UsingWithoutAnotherTrace_AreFound()
    {
        SourceFile[] files =
        [
            new("src/Planted/Low/B.cs", "using System;\nusing static Planted.High.Numbers;\n\nnamespace Planted.Low;\n"),
            new("src/Planted/High/A.cs", "using Planted.Low;\n\nnamespace Planted.High;\n"),
        ];
        AssemblyModel model = Model() with { Usings = Usings.Read("Planted", ["", "Low", "High"], files) };
        Assert.Equal(
            ["Planted: Low uses High: Low/B.cs -> using static Planted.High.Numbers; (a using)"],
            RoomRules.ArrowsUp(model, Plan));
        Assert.Single(RoomRules.RoomCircles(model));
        Assert.Equal([Up], (model with { Arrows = [Up] }).Between.Where(Plan.Forbids));
    }

    [Fact]
    public void RoomCircles_LongWayRound_IsFoundWithItsArrows()
    {
        Arrow back = new("Peer/C.cs", "Peer", "High/A.cs", "High", "A");
        string found = Assert.Single(RoomRules.RoomCircles(Model(Down, Across, back)));
        Assert.StartsWith("Planted: a circle of High, Low, Peer", found, StringComparison.Ordinal);
        Assert.Contains("Peer -> High, 1 uses such as Peer/C.cs -> High/A.cs (A)", found, StringComparison.Ordinal);
        Assert.Empty(RoomRules.RoomCircles(Model(Down, Across)));
    }

    [Fact]
    public void FileCircles_FourFiles_AreFoundAndThreeAreNot()
    {
        Assert.Single(RoomRules.FileCircles(Ring(4), 3, []));
        Assert.Empty(RoomRules.FileCircles(Ring(3), 3, []));
    }

    [Fact]
    public void FileCircles_ThroughThePartOfAType_AreFound()
    {
        Arrow[] ring = [Inside("N0.Part.cs", "N1.cs"), Inside("N1.cs", "N2.cs"), Inside("N2.cs", "N0.cs")];
        AssemblyModel model = new("Planted", [Type("N0", "Low")], ring);
        string found = Assert.Single(RoomRules.FileCircles(model, 2, []));
        Assert.Contains("Low/N0.cs -> N1", found, StringComparison.Ordinal);
    }

    [Fact]
    public void FileCircles_Listed_MayNotGrowOrShrink()
    {
        InherentCircle four = new("Planted", "Low", "Low/N3.cs", "Low/N0.cs", "Low/N1.cs", "Low/N2.cs");
        Assert.Empty(RoomRules.FileCircles(Ring(4), 3, [four]));
        Assert.NotEmpty(RoomRules.FileCircles(Ring(5), 3, [four]));
        Assert.NotEmpty(RoomRules.FileCircles(Ring(3), 3, [four]));
    }

    [Fact]
    public void Devices_UseFromARoomBelow_IsFound()
    {
        Arrow use = new("Models/Saved/A.cs", "Models.Saved", "Interop/Cpu/B.cs", "Interop.Cpu", "B");
        Arrow other = new("Modelling/A.cs", "Modelling", "Interop/Cpu/B.cs", "Interop.Cpu", "B");
        Assert.Single(RoomRules.Devices(Model(use, other), ["Models"], ["Interop"]));
    }

    [Fact]
    public void TypeNames_TwoOfOneName_AreFoundAndPrivateOnesAreNot()
    {
        DeclaredType first = Type("A", "Low"), nested = Type("Other.A", "High");
        Assert.Single(RoomRules.TypeNames(new AssemblyModel("Planted", [first, nested], [])));
        Assert.Empty(RoomRules.TypeNames(new AssemblyModel("Planted", [first, nested with { IsPrivate = true }], [])));
    }

    [Fact]
    public void Folders_OtherNamespace_IsFound()
    {
        Assert.Single(RoomRules.Folders(new AssemblyModel("Planted", [new DeclaredType("A", "Low", ["High/A.cs"])], [])));
        Assert.Empty(RoomRules.Folders(new AssemblyModel("Planted", [Type("A", "Low"), Type("B", "Low.Cellar"), Type("C", "")], [])));
    }

    [Fact]
    public void References_UpAndUnknown_AreFound()
    {
        AssemblyModel low = Model() with { Name = "Low", References = ["High", "System.Runtime"] };
        AssemblyModel high = Model() with { Name = "High", References = ["Low"] }, stray = Model() with { Name = "Stray" };
        Assert.Equal(["the project Stray has no place", "Low references High"], RoomRules.References([low, high, stray], Plan));
    }

    [Fact]
    public void Expect_SomethingBroken_FailsWithEveryPlace()
    {
        Exception failure = Assert.ThrowsAny<Exception>(() => Expect.None("A rule.", ["first", "second"]));
        Assert.Contains("first", failure.Message, StringComparison.Ordinal);
        Assert.Contains("second", failure.Message, StringComparison.Ordinal);
        Expect.None("A rule.", []);
    }

    private static AssemblyModel Ring(int files) =>
        new("Planted", [Type("N0", "Low")], [.. Enumerable.Range(0, files).Select(i => Inside($"N{i}.cs", $"N{(i + 1) % files}.cs"))]);

    private static Arrow Inside(string from, string to) =>
        new("Low/" + from, "Low", "Low/" + to, "Low", Path.GetFileNameWithoutExtension(to));

    private static AssemblyModel Model(params Arrow[] arrows) => new("Planted", [], arrows);

    private static DeclaredType Type(string name, string room) =>
        new(name, room, [(room.Length == 0 ? "" : room.Replace('.', '/') + "/") + name + ".cs"]);
}
