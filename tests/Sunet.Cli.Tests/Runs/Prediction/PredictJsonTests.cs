using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Sunet.Data.Images;

namespace Sunet.Cli.Tests.Runs.Prediction;

/// <summary>What prediction tells programs, and what it tells those who stop it.</summary>
public sealed class PredictJsonTests(TinyRuns runs) : IClassFixture<TinyRuns>, IDisposable
{
    private static readonly string[] Keys = ["source", "height", "width", "files", "classes"];
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>Shares are counted again in the label maps that were written.</summary>
    [Fact]
    public void Predict_Json_IsOneObjectThatAgreesWithTheFiles()
    {
        string[] sources = [.. Directory.GetFiles(Path.Combine(runs.Data, "JPEGImages")).Order(StringComparer.Ordinal)];
        JsonElement result = Predict(0, Path.Combine(runs.Data, "JPEGImages"), "--probabilities");
        Assert.Equal(runs.Weights, result.GetProperty("weights").GetString());
        Assert.Equal(folder["exp"], result.GetProperty("run").GetString());
        Assert.Equal(0, result.GetProperty("failed").GetInt32());
        JsonElement[] images = [.. result.GetProperty("images").EnumerateArray()];
        Assert.Equal(sources, images.Select(image => image.GetProperty("source").GetString()));
        string[] files = [.. images.SelectMany(image => image.GetProperty("files").EnumerateArray()).Select(file => file.GetString()!)];
        Assert.Equal(Directory.GetFiles(folder["exp"]).Order(StringComparer.Ordinal), files.Order(StringComparer.Ordinal));
        Assert.Equal(3 * sources.Length, files.Length);
        foreach (JsonElement image in images)
        {
            Assert.Equal(Keys, image.EnumerateObject().Select(property => property.Name));
            Assert.Equal((32, 48), (image.GetProperty("height").GetInt32(), image.GetProperty("width").GetInt32()));
            byte[] labels = LabelFile.Load(image.GetProperty("files")[0].GetString()!).ToArray().Cast<byte>().ToArray();
            Assert.Equal(
                Enumerable.Range(0, TinyRuns.ClassCount).Select(c => Math.Round(100.0 * labels.Count(l => l == c) / labels.Length, 2)),
                image.GetProperty("classes").EnumerateArray().Select(c => c.GetProperty("pixels").GetDouble()));
            Assert.Equal("background", image.GetProperty("classes")[0].GetProperty("name").GetString());
        }
    }

    [Fact]
    public void Predict_JsonOfAnImageThatCannotBeRead_NamesTheProblem()
    {
        File.WriteAllText(folder["broken.png"], "no image");
        File.Copy(Directory.GetFiles(Path.Combine(runs.Data, "JPEGImages"))[0], folder["sound.jpg"]);
        JsonElement result = Predict(2, folder.Path);
        Assert.Equal(1, result.GetProperty("failed").GetInt32());
        JsonElement broken = result.GetProperty("images")[0];
        Assert.Equal(folder["broken.png"], broken.GetProperty("source").GetString());
        Assert.Contains("broken.png", broken.GetProperty("problem").GetString(), StringComparison.Ordinal);
        Assert.False(broken.TryGetProperty("files", out _));
        Assert.Equal(2, result.GetProperty("images")[1].GetProperty("files").GetArrayLength());
    }

    [Fact]
    public void Predict_Cancelled_SaysHowManyAreDoneAndWhere()
    {
        CommandResult result = CommandResult.CancelledAt("2/11 images", Args(Path.Combine(runs.Data, "JPEGImages")));
        Assert.Equal((130, ""), (result.Code, result.Output));

        // What was segmented by then is written, too.
        Match told = Regex.Match(result.ErrorLines[^1], @"^stopped after (\d+) of 11 images; results: (.+)$");
        Assert.Equal(folder["exp"], told.Groups[2].Value);
        int done = int.Parse(told.Groups[1].Value, CultureInfo.InvariantCulture);
        Assert.InRange(done, 2, 10);
        Assert.Equal(done, Directory.GetFiles(folder["exp"], "*.jpg").Length);
        Assert.Equal(done, Directory.GetFiles(folder["exp"], "*.png").Length);
    }

    private string[] Args(string source, params string[] more) =>
        ["predict", "--weights", runs.Weights, "--source", source, "--threads", "1", "--project", folder.Path, .. more];

    private JsonElement Predict(int code, string source, params string[] more)
    {
        CommandResult result = CommandResult.Of(Args(source, ["--json", .. more]));
        Assert.True(result.Code == code, result.Error);
        Assert.Single(result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        return JsonDocument.Parse(result.Output).RootElement;
    }
}
