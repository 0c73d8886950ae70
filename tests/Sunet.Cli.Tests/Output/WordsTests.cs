using Sunet.Cli.Output;

namespace Sunet.Cli.Tests.Output;

/// <summary>What is said is said in proper words, and no more than is known or wanted.</summary>
public sealed class WordsTests(TinyRuns runs) : IClassFixture<TinyRuns>, IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(0, "images", "0 images")]
    [InlineData(1, "images", "1 image")]
    [InlineData(2, "images", "2 images")]
    [InlineData(1, "batches", "1 batch")]
    [InlineData(1, "classes", "1 class")]
    [InlineData(1, "training images", "1 training image")]
    [InlineData(12345, "steps", "12345 steps")]
    public void Text_OneOrMany_IsTheRightWord(long number, string things, string text) => Assert.Equal(text, Counted.Text(number, things));

    [Fact]
    public void Synth_OneOfEach_IsSaidInTheSingular()
    {
        CommandResult result = CommandResult.Of("data", "synth", "--out", folder["one"], "--train", "1", "--val", "1", "--size", "32");
        Assert.Equal($"wrote 1 training image and 1 validation image, 6 classes: {folder["one"]}\n", result.Output);
    }

    [Fact]
    public void Report_NoRateYet_LeavesOutRateAndTimeLeft()
    {
        using var progress = new StringWriter();
        var output = new CommandOutput(TextWriter.Null, progress) { LogInterval = TimeSpan.Zero };
        using (ProgressLine line = output.StartProgress(1, quiet: false))
            line.Report(1, "images", "");
        Assert.Matches(@"^1/1 image  memory [0-9.]+ [MG]iB\n$", progress.ToString());
        Assert.Equal("3/9 images  loss 1", new ProgressText(3, 9, "images", "loss 1", 0).Plain.Split("  memory")[0]);
        Assert.Equal("3/9 images  2.00 images/s  eta 00:00:03", new ProgressText(3, 9, "images", "", 2).Plain.Split("  memory")[0]);
        Assert.Equal("9/9 images  2.00 images/s", new ProgressText(9, 9, "images", "", 2).Plain.Split("  memory")[0]);
    }

    [Fact]
    public void Val_OneThread_SaysWhereItRunsInAFewWords()
    {
        CommandResult result = CommandResult.Of("val", "--data", runs.Data, "--weights", runs.Weights, "--device", "cpu", "--threads", "1");
        Assert.True(result.Code == 0, result.Error);
        Assert.Equal("device: cpu, 1 thread, float32", result.ErrorLines[0]);
        Assert.DoesNotContain("unknown", result.Error, StringComparison.Ordinal);
    }

    /// <summary>What a metric is stands in help and in JSON, and not below every result.</summary>
    [Theory]
    [InlineData("val")]
    [InlineData("train")]
    public void Help_OfWhatMeasures_DefinesTheMetrics(string verb)
    {
        string help = string.Join(' ', CommandResult.Of(verb, "--help").Output.Split('\n'));
        Assert.Contains("mIoU: mean over classes of intersection / union", help, StringComparison.Ordinal);
        Assert.Contains("top1_error, top5_error: share of images", help, StringComparison.Ordinal);
    }
}
