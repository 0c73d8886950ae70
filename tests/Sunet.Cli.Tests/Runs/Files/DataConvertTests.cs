using System.Text.Json;

namespace Sunet.Cli.Tests.Runs.Files;

/// <summary><c>sunet data convert</c>.</summary>
public sealed class DataConvertTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    // The seed is one that puts every class into both splits.
    public DataConvertTests() => Assert.Equal(
        0, CommandResult.Of("data", "synth", "--out", folder["data"], "--train", "6", "--val", "2", "--size", "32x48", "--seed", "6").Code);

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Convert_DataSet_WritesAnotherThatIsClean()
    {
        CommandResult result = Convert("--quiet");
        Assert.True(result.Code == 0, result.Error);
        Assert.Contains($"wrote 8 images  classes 6: {folder["voc"]}", result.Output, StringComparison.Ordinal);
        Assert.Equal("", result.Error);
        Assert.Equal(0, CommandResult.Of("data", "check", folder["voc"]).Code);
    }

    [Fact]
    public void Convert_OneSplitAsJson_CountsIt()
    {
        CommandResult result = Convert("--split", "val", "--json", "--workers", "1");
        using JsonDocument json = JsonDocument.Parse(result.Output);
        Assert.Equal(2, json.RootElement.GetProperty("written").GetInt32());
        Assert.Equal(2, json.RootElement.GetProperty("splits").GetProperty("val").GetInt32());
        Assert.False(File.Exists(folder["voc", "ImageSets", "Segmentation", "train.txt"]));
    }

    [Fact]
    public void Convert_Interrupted_GoesOnWithExistOk()
    {
        string[] args = ["data", "convert", "--data", folder["data"], "--out", folder["voc"], "--workers", "1"];
        CommandResult stopped = CommandResult.CancelledAt("3/8 images", args);
        Assert.Equal(130, stopped.Code);
        Assert.Equal(2, CommandResult.Of(args).Code);
        CommandResult finished = CommandResult.Of([.. args, "--exist-ok"]);
        Assert.Contains("wrote 5 images  kept 3", finished.Output, StringComparison.Ordinal);
        Assert.Equal(0, CommandResult.Of("data", "check", folder["voc"]).Code);
    }

    [Theory]
    [InlineData(1, "'--workers' is '0'", "--workers", "0")]
    [InlineData(1, "'val' is named twice", "--split", "val,val")]
    [InlineData(2, "The split 'nothing' is missing", "--split", "nothing")]
    public void Convert_WrongSetting_IsOneSentence(int code, string said, params string[] more)
    {
        CommandResult result = Convert(more);
        Assert.Equal(code, result.Code);
        Assert.Contains(said, Assert.Single(result.ErrorLines), StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["voc"]));
    }

    [Theory]
    [InlineData("data", "convert")]
    [InlineData("data", "check")]
    [InlineData("train")]
    [InlineData("val")]
    public void Help_OfEveryVerbThatTakesData_NamesTheLayouts(params string[] verb)
    {
        string help = System.Text.RegularExpressions.Regex.Replace(CommandResult.Of([.. verb, "--help"]).Output, @"\s+", " ");
        Assert.All(["PASCAL VOC", "Cityscapes", "SBD", ".yaml"], layout => Assert.Contains(layout, help, StringComparison.Ordinal));
    }

    private CommandResult Convert(params string[] more) =>
        CommandResult.Of(["data", "convert", "--data", folder["data"], "--out", folder["voc"], .. more]);
}
