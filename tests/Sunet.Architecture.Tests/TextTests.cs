using System.Globalization;
using System.Text.RegularExpressions;
using Sunet.Architecture.Tests.Reporting;
using Sunet.Architecture.Tests.Rules;
using Sunet.Architecture.Tests.Sources;

namespace Sunet.Architecture.Tests;

/// <summary>The rules of source files as text, and a planted violation of each.</summary>
public sealed class TextTests
{
    private static IReadOnlyList<SourceFile> Code =>
        Checkout.Current.Files(ArchitectureReport.CodeFolders, ArchitectureReport.CodeExtensions);

    private static IReadOnlyList<SourceFile> Sources => Checkout.Current.Files(["src"], ".cs");

    [Fact]
    public void Lines_AllCode_AreShortEnough() =>
        Expect.None($"A line has at most {TextRules.LongestLine} characters.", TextRules.LongLines(Code));

    [Fact]
    public void Lines_EditorSettings_SayTheSameLength()
    {
        string settings = File.ReadAllText(Path.Combine(Checkout.Current.Root, ".editorconfig"));
        MatchCollection lengths = Regex.Matches(settings, @"^max_line_length\s*=\s*(\S+)", RegexOptions.Multiline);
        Assert.Equal([TextRules.LongestLine.ToString(CultureInfo.InvariantCulture)], lengths.Select(m => m.Groups[1].Value));
    }

    [Fact]
    public void Files_Sources_AreShortEnough() =>
        Expect.None($"A source file has at most {TextRules.LongestFile} lines.", TextRules.LongFiles(Sources));

    [Fact]
    public void Files_Sources_BearTheNameOfTheirType() =>
        Expect.None("A source file declares the type that it is named after.", TextRules.MisnamedFiles(Sources));

    [Fact]
    public void Summaries_Sources_StandAlone() =>
        Expect.None("A summary makes sense where an editor shows it alone.", TextRules.LeaningSummaries(Sources));

    // Rules that look at nothing hold, too.
    [Fact]
    public void Code_OfTheCheckout_IsFound()
    {
        foreach (string extension in new[] { ".cs", ".cpp", ".hpp", ".h", ".cu" })
            Assert.Contains(Code, f => f.Path.EndsWith(extension, StringComparison.Ordinal));
        foreach (string folder in ArchitectureReport.CodeFolders)
            Assert.Contains(Code, f => f.Path.StartsWith(folder + "/", StringComparison.Ordinal));
        Assert.True(Sources.Count > 300, $"only {Sources.Count} source files");
    }

    [Theory]
    [InlineData(140, 0)]
    [InlineData(141, 1)]
    public void LongLines_PlantedLine_IsFoundFromTheBoundOn(int length, int found) =>
        Assert.Equal(found, TextRules.CountLongLines([new SourceFile("A.cs", "short\n" + new string('x', length) + "\n")]));

    [Fact]
    public void LongLines_SeveralOfAFile_AreNamedTogether()
    {
        string line = new('x', 150);
        Assert.Equal(["A.cs: lines 1, 3"], TextRules.LongLines([new SourceFile("A.cs", $"{line}\nshort\n{line}")]));
    }

    [Theory]
    [InlineData(400, 0)]
    [InlineData(401, 1)]
    public void LongFiles_PlantedFile_IsFoundFromTheBoundOn(int lines, int found) =>
        Assert.Equal(found, TextRules.LongFiles([new SourceFile("A.cs", string.Concat(Enumerable.Repeat("x\n", lines)))]).Count);

    [Theory]
    [InlineData("/// <summary>The same for bytes.</summary>", 1)]
    [InlineData("/// <summary>\n/// Of a value, the bytes.\n/// </summary>", 1)]
    [InlineData("/// <summary>Such as these.</summary>", 1)]
    [InlineData("/// <summary>As above.</summary>", 1)]
    [InlineData("/// <summary>That of the parameters.</summary>", 1)]
    [InlineData("/// <summary>\n    /// Those of the ops.</summary>", 1)]
    [InlineData("/// <summary>Offsets of values. As they come.</summary>", 0)]
    [InlineData("/// <summary>Assigns values.</summary>", 0)]
    public void LeaningSummaries_PlantedSummary_IsFound(string text, int found) =>
        Assert.Equal(found, TextRules.LeaningSummaries([new SourceFile("A.cs", text)]).Count);

    [Theory]
    [InlineData("public sealed partial class Name : Other", 0)]
    [InlineData("internal readonly record struct Name<T>(T Value);", 0)]
    [InlineData("public sealed record Name(int Value);", 0)]
    [InlineData("public delegate Task<int[]> Name(string text);", 0)]
    [InlineData("internal enum Name", 0)]
    [InlineData("    private sealed class Name(int value)", 0)]
    [InlineData("[Flags] internal enum Name", 0)]
    [InlineData("public sealed class OtherName", 1)]
    [InlineData("/// the class Name\npublic interface INamed", 1)]
    [InlineData("// struct Name\npublic interface INamed { }", 1)]
    public void MisnamedFiles_PlantedFile_IsFoundWithoutATypeOfItsName(string text, int found)
    {
        Assert.Equal(found, TextRules.MisnamedFiles([new SourceFile("Folder/Name.cs", text)]).Count);
        Assert.Equal(found, TextRules.MisnamedFiles([new SourceFile("Folder/Name.Part.cs", text)]).Count);
    }

    [Fact]
    public void PositionalInputs_PlantedUses_AreCounted() =>
        Assert.Equal(2, TextRules.PositionalInputs([new SourceFile("A.cs", "op.Inputs[0], op.Inputs[i], op.Inputs[12]")]));
}
