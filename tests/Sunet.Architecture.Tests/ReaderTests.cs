using Sunet.Architecture.Tests.Model;
using Sunet.Architecture.Tests.Reading;
using Sunet.Architecture.Tests.Sources;

namespace Sunet.Architecture.Tests;

/// <summary>The reader finds every kind of use in this very assembly, and the file that it stands in.</summary>
public sealed class ReaderTests
{
    private const string Name = "Sunet.Architecture.Tests";

    private static readonly AssemblyModel Model =
        AssemblyReader.Read(Name, typeof(ReaderTests).Assembly.Location, Checkout.Own.Root, "tests/" + Name);

    [Theory]
    [InlineData("Uses.cs", "Used")]
    [InlineData("Uses.Field.cs", "Used")]
    [InlineData("Uses.Property.cs", "Used")]
    [InlineData("Uses.Parameter.cs", "Used")]
    [InlineData("Uses.TypeArgument.cs", "Used")]
    [InlineData("Uses.MethodArgument.cs", "Used")]
    [InlineData("Uses.Constraint.cs", "Used")]
    [InlineData("Uses.Call.cs", "Used")]
    [InlineData("Uses.Closure.cs", "Used")]
    [InlineData("Uses.Lambda.cs", "Used")]
    [InlineData("Uses.Async.cs", "Used")]
    [InlineData("Uses.Iterator.cs", "Used")]
    [InlineData("Uses.Initializer.cs", "Used")]
    [InlineData("Uses.Catch.cs", "UsedException")]
    [InlineData("Uses.Attribute.cs", "UsedAttribute")]
    [InlineData("Uses.Attribute.cs", "UsedKind")]
    public void Arrows_EveryKindOfUse_LeadFromTheFileOfTheUse(string file, string used) =>
        Assert.Contains(new Arrow("Fixtures/" + file, "Fixtures", $"Fixtures/{used}.cs", "Fixtures", used), Model.Arrows);

    [Theory]
    [InlineData("Uses.Constant.cs")]
    [InlineData("Uses.Nested.cs")]
    [InlineData("UsesParts.cs")]
    public void Arrows_NoUseInTheCompiledCode_AreNone(string file) =>
        Assert.DoesNotContain(Model.Arrows, a => a.FromFile == "Fixtures/" + file && a.Type == "Used");

    [Fact]
    public void Arrows_TypeInParts_LeadToTheFileOfItsName() => Assert.Equal(
        [("Fixtures/Uses.Nested.cs", "Uses.Nested"), ("Fixtures/Uses.cs", "Uses")],
        Model.Arrows.Where(a => a.FromFile == "Fixtures/UsesParts.cs").Select(a => (a.ToFile, a.Type)));

    [Fact]
    public void Arrows_OtherRoom_BearBothRooms() =>
        Assert.Contains(new Arrow("ReaderTests.cs", "", "Model/Arrow.cs", "Model", "Arrow"), Model.Arrows);

    [Fact]
    public void Types_Visibility_IsThatOfTheWholeName()
    {
        Assert.True(Find("ReaderTests").IsPublic);
        Assert.False(Find("Uses.Nested").IsPublic);
        Assert.False(Find("Uses.Nested").IsPrivate);
        Assert.True(Find("UsesParts.Hidden.Deep").IsPrivate);
        Assert.True(Find("Local").IsPrivate);
    }

    [Fact]
    public void Types_InParts_StandInEveryFile() => Assert.Contains("Fixtures/Uses.Async.cs", Find("Uses").Files);

    [Fact]
    public void Types_MadeByTheCompiler_AreNone() =>
        Assert.DoesNotContain(Model.Types, t => t.Name.Contains('<', StringComparison.Ordinal));

    [Fact]
    public void Members_ExtendedInterface_CountsWithIt()
    {
        Assert.Equal(4, InterfaceMembers.Count(typeof(ReaderTests).Assembly.Location, nameof(IExtended)));
        Assert.Equal(0, InterfaceMembers.Count(typeof(ReaderTests).Assembly.Location, "IMissing"));
    }

    private static DeclaredType Find(string name) => Assert.Single(Model.Types, t => t.Name == name);

    private interface IBase : IDisposable
    {
        int Value { get; set; }

        event EventHandler? Changed;
    }

    private interface IExtended : IBase
    {
        int this[int index] { get; }

        void Call();
    }
}
