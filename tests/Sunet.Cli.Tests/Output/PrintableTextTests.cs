using System.Text.Json;
using Sunet.Cli.Output;

namespace Sunet.Cli.Tests.Output;

/// <summary>What comes from outside does nothing to a terminal.</summary>
public sealed class PrintableTextTests(TinyRuns runs) : IClassFixture<TinyRuns>, IDisposable
{
    private const string Hostile = "a\u001b[31m\u009b2J\r\n\u202eb\u2066\u2028\ud800.jpg";
    private const string Shown = @"a\u001b[31m\u009b2J\u000d\u000a\u202eb\u2066\u2028\ud800.jpg";
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Of_Text_ShowsWhatDoesSomethingToATerminal()
    {
        Assert.Equal(Shown, PrintableText.Of(Hostile));
        Assert.Equal(@"\u007f\u0000\u200f\u061c\udc00\ud83d", PrintableText.Of("\u007f\u0000\u200f\u061c\udc00\ud83d"));
    }

    [Theory]
    [InlineData("Größe 写真 \U0001F600 \u05e9\u05dc\u05d5\u05dd e\u0301 \u200d \\u 100 %")]
    [InlineData("")]
    public void Of_PlainText_IsTheSame(string text) => Assert.Same(text, PrintableText.Of(text));

    [Fact]
    public void CommandOutput_EveryWay_IsPrintable()
    {
        using var results = new StringWriter();
        using var progress = new StringWriter();
        var output = new CommandOutput(results, progress) { LogInterval = TimeSpan.Zero };
        var table = new TextTable("file");
        table.Add(Hostile);
        output.Result(Hostile);
        output.Table(table);
        output.Progress(Hostile);
        output.Error(Hostile);
        output.Trace(new InvalidOperationException(Hostile));
        using (ProgressLine line = output.StartProgress(2, quiet: false))
        {
            line.Report(1, "images", Hostile);
            line.Line(Hostile);
        }

        AssertPrintable(results.ToString() + progress);
        Assert.Equal([Shown, "file", Shown], results.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void Json_HostileName_IsPrintableAndMeansTheSame()
    {
        using var results = new StringWriter();
        string name = Hostile.Replace("\ud800", "", StringComparison.Ordinal);
        new CommandOutput(results, TextWriter.Null).Json(json => json.WriteString("file", name));
        string line = results.ToString().TrimEnd('\n');
        Assert.Equal(line, PrintableText.Of(line));
        using JsonDocument document = JsonDocument.Parse(line);
        Assert.Equal(name, document.RootElement.GetProperty("file").GetString());
    }

    [Theory]
    [InlineData("predict", "damaged\u001b]0;title\u0007\u202e.jpg")]
    [InlineData("data check", "unlisted\u001b]0;title\u0007\u202e")]
    [InlineData("val", "class\u009b31m")]
    [InlineData("train", "class\u009b31m")]
    [InlineData("usage", "--\u001b[2J")]
    public void AnyVerb_NameWithControlCharacters_IsShownEscaped(string verb, string name)
    {
        string data = runs.CopyData(folder["data"]), images = Path.Combine(data, "JPEGImages");
        if (verb is "val" or "train")
            File.WriteAllLines(Path.Combine(data, "classes.txt"), ["background", name, "cross", "lit gem", "dark gem", "sail"]);
        else if (verb == "data check")
            File.AppendAllText(Path.Combine(data, "ImageSets", "Segmentation", "train.txt"), name + "\n");
        else
            File.WriteAllText(Path.Combine(images, name), "no image");
        CommandResult result = CommandResult.Of(verb switch
        {
            "predict" => ["predict", "--weights", runs.Weights, "--source", images, "--project", folder.Path],
            "data check" => ["data", "check", data],
            "val" => ["val", "--data", data, "--weights", runs.Weights],
            "train" => TinyRuns.Train(data, folder.Path, "exp", "--epochs", "1", "--weights", runs.Weights),
            _ => ["info", name],
        });
        string said = result.Output + result.Error;
        AssertPrintable(said);
        if (verb is not ("train" or "val"))
            Assert.Contains(PrintableText.Of(name), said, StringComparison.Ordinal);
    }

    private static void AssertPrintable(string said) => Assert.All(
        said, c => Assert.True(c == '\n' || PrintableText.Of(c.ToString()) == c.ToString(), $"U+{(int)c:x4} in: {PrintableText.Of(said)}"));
}
