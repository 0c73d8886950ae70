using System.Text.Json;
using Sunet.Cli.Runs.Streaming;

namespace Sunet.Cli.Tests.Runs.Streaming;

/// <summary>Verbs that work in stages say which of them was the limit.</summary>
public sealed class StageLimitTests(TinyRuns runs) : IClassFixture<TinyRuns>, IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("predict", "decode segment encode")]
    [InlineData("predict probabilities", "decode segment encode")]
    [InlineData("val", "decode segment count")]
    [InlineData("val strategies", "decode segment count")]
    [InlineData("calibrate", "decode segment")]
    [InlineData("bench", "decode warp")]
    public void Json_OfAVerbWithStages_HasSharesThatAddUpToTheWhole(string verb, string stages)
    {
        CommandResult result = CommandResult.Of([.. Arguments(verb), "--json"]);
        Assert.True(result.Code == 0, result.Error);
        using JsonDocument json = JsonDocument.Parse(result.Output);
        JsonProperty[] limits = [.. json.RootElement.GetProperty("limit_percent").EnumerateObject()];
        Assert.Equal(stages.Split(' '), limits.Select(limit => limit.Name));

        // Each is rounded to two decimals.
        Assert.Equal(100, limits.Sum(limit => limit.Value.GetDouble()), 0.005 * limits.Length);
    }

    [Theory]
    [InlineData("predict")]
    [InlineData("val")]
    [InlineData("val strategies")]
    [InlineData("calibrate")]
    public void Text_OfAVerbWithStages_SaysSoUnlessQuiet(string verb)
    {
        Assert.Contains(StageTimes.Heading, CommandResult.Of(Arguments(verb)).Error, StringComparison.Ordinal);
        CommandResult quiet = CommandResult.Of([.. Arguments(verb), "--quiet"]);
        Assert.DoesNotContain(StageTimes.Heading, quiet.Error + quiet.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Train_WithValidation_SaysSoOfItsValidations()
    {
        CommandResult result = CommandResult.Of(TinyRuns.Train(runs.Data, folder.Path, "trained", "--epochs", "1", "--quiet"));
        Assert.Contains($"\nvalidation: {StageTimes.Heading}decode ", result.Output, StringComparison.Ordinal);
    }

    private string[] Arguments(string verb) => verb switch
    {
        "predict" => Predict(),
        "predict probabilities" => [.. Predict(), "--probabilities"],
        "val" => ["val", "--weights", runs.Weights, "--data", runs.Data],
        "val strategies" => ["val", "--weights", runs.Weights, "--data", runs.Data, "--strategies", "single,flip"],
        "calibrate" => ["calibrate", "--weights", runs.Weights, "--data", runs.Data, "--out", folder["out.safetensors"]],

        // More batches than a loader prepares ahead, so that some are made while it is timed.
        _ => ["bench", "--data", runs.Data, "--imgsz", "32", "--batch", "2", "--iters", "100", "--warmup", "1"],
    };

    private string[] Predict() =>
        ["predict", "--weights", runs.Weights, "--source", Path.Combine(runs.Data, "JPEGImages"), "--project", folder.Path];
}
