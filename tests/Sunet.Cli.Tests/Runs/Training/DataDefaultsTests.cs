using System.Globalization;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;

namespace Sunet.Cli.Tests.Runs.Training;

/// <summary>A training that is given nothing but its data chooses settings that suit it, and says which.</summary>
public sealed class DataDefaultsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Train_SmallImages_KeepsThemWholeAndTakesASmallNetwork()
    {
        Dictionary<string, (string Value, string From)> settings = DryRun(Synthetic(8, "96x128"));
        Assert.Equal(
            [
                ("model", "custom"), ("filters", "16"), ("output-stride", "8"), ("iters", "1500"), ("batch", "4"), ("imgsz", "96x128"),
                ("lr", "0.05"), ("warmup", "150"), ("scale-min", "0.8"), ("scale-max", "1.25"), ("val-every", "38"), ("cache", "1"),
            ],
            Chosen(settings, "model", "filters", "output-stride", "iters", "batch", "imgsz", "lr", "warmup", "scale-min", "scale-max",
                "val-every", "cache"));
        Assert.All(["model", "output-stride", "iters", "batch", "imgsz", "lr", "momentum", "nesterov", "weight-decay", "save-every"],
            name => Assert.Equal("data", settings[name].From));
        Assert.Equal("default", settings["schedule"].From);
    }

    [Fact]
    public void Train_Photographs_TakesTwoThirdsOfThemAndAPublishedNetwork()
    {
        Dictionary<string, (string Value, string From)> settings = DryRun(Synthetic(90, "288x320"), "--dry-run");
        Assert.Equal(
            [
                ("model", "sunet64"), ("output-stride", "16"), ("iters", "1500"), ("batch", "4"), ("imgsz", "192x208"),
                ("scale-min", "0.6"), ("scale-max", "1.6"), ("val-every", "4"), ("save-every", "4"),
            ],
            Chosen(settings, "model", "output-stride", "iters", "batch", "imgsz", "scale-min", "scale-max", "val-every", "save-every"));
    }

    [Fact]
    public void Train_SomeGiven_LeavesThoseAndScalesTheRest()
    {
        Dictionary<string, (string Value, string From)> settings = DryRun(
            Synthetic(8, "96x128"), "--batch", "2", "--epochs", "10", "--imgsz", "64", "--momentum", "0.8", "--calibrate", "3");
        Assert.Equal(
            [
                ("epochs", "10"), ("batch", "2"), ("accumulate", "1"), ("imgsz", "64"), ("lr", "0.025"), ("momentum", "0.8"),
                ("warmup", "4"), ("calibrate", "3"),
            ],
            Chosen(settings, "epochs", "batch", "accumulate", "imgsz", "lr", "momentum", "warmup", "calibrate"));
        Assert.False(settings.ContainsKey("iters"));
        Assert.All(["epochs", "batch", "imgsz", "momentum"], name => Assert.Equal("command line", settings[name].From));
    }

    [Fact]
    public void Train_FewerImagesThanABatch_TakesAllOfThem()
    {
        Dictionary<string, (string Value, string From)> settings = DryRun(Synthetic(3, "96x128"));
        Assert.Equal([("batch", "3"), ("lr", "0.0375")], Chosen(settings, "batch", "lr"));
    }

    [Theory]
    [InlineData("--recipe", "voc", "--train-split", "train", "--batch", "2", "--imgsz", "32")]
    [InlineData("--recipe", "small")]
    public void Train_RecipeGiven_ChoosesNothing(params string[] more)
    {
        Dictionary<string, (string Value, string From)> settings =
            DryRun(Synthetic(8, "96x128"), ["--model", "sunet-tiny", .. more]);
        Assert.DoesNotContain("data", settings.Values.Select(s => s.From));
        Assert.Equal("recipe", settings["lr"].From);
    }

    [Fact]
    public void Train_WeightsGiven_ChoosesNothing()
    {
        string data = Synthetic(8, "96x128");
        var spec = new SunetSpec { Config = new SunetConfig("custom", 4, 1, [8, 8, 12, 12]), Head = SunetHead.Segmenter, Classes = 6 };
        SunetModel.Create(spec).Save(folder["weights.safetensors"]);
        Dictionary<string, (string Value, string From)> settings =
            DryRun(data, "--weights", folder["weights.safetensors"], "--batch", "2", "--imgsz", "32");
        Assert.DoesNotContain("data", settings.Values.Select(s => s.From));
        Assert.Equal([("lr", "0.0002"), ("momentum", "0.95")], Chosen(settings, "lr", "momentum"));
    }

    [Fact]
    public void Train_WithoutMemoryForABatch_DividesIt()
    {
        string data = Synthetic(8, "192x256");
        string[] args = ["train", "--data", data, "--model", "sunet-tiny", "--output-stride", "8", "--threads", "1", "--dry-run"];
        (long whole, long part) = (PlanBytes(args), PlanBytes([.. args, "--batch", "2"]));
        CommandResult result = CommandResult.OfProcess(
            new Dictionary<string, string>
            {
                ["DOTNET_GCHeapHardLimit"] = ((whole + part) / 2 * 10 / 9).ToString("x", CultureInfo.InvariantCulture),
            },
            [.. args, "--cache", "0"]);
        Assert.True(result.Code == 0, result.Error);
        Assert.Equal([("batch", "2"), ("accumulate", "2"), ("lr", "0.05")], Chosen(Parse(result.Output), "batch", "accumulate", "lr"));
        Assert.Contains("batch 2, 2 batches an update", result.Error, StringComparison.Ordinal);
    }

    /// <summary>A forward pass takes a third of a step, so that all batches together may have 15 % of the trained pixels.</summary>
    [Theory]
    [InlineData(16, "--epochs", "40", "--val-every", "4", "--imgsz", "64")]
    [InlineData(16, "--iters", "90", "--imgsz", "96x128", "--accumulate", "2", "--batch", "2")]
    [InlineData(16, "--epochs", "1", "--imgsz", "32")]
    public void Train_CalibratingAutomatically_TakesATwentiethAtMost(int images, params string[] more)
    {
        Dictionary<string, (string Value, string From)> settings = DryRun(Synthetic(images, "96x128"), more);
        int batch = int.Parse(settings["batch"].Value, CultureInfo.InvariantCulture);
        int accumulate = int.Parse(settings["accumulate"].Value, CultureInfo.InvariantCulture);
        int every = int.Parse(settings["val-every"].Value, CultureInfo.InvariantCulture);
        int[] crop = [.. settings["imgsz"].Value.Split('x').Select(s => int.Parse(s, CultureInfo.InvariantCulture))];
        int epoch = images / batch / accumulate;
        double steps = settings.TryGetValue("iters", out (string Value, string From) iters)
            ? int.Parse(iters.Value, CultureInfo.InvariantCulture)
            : int.Parse(settings["epochs"].Value, CultureInfo.InvariantCulture) * epoch;
        double trained = 3 * steps * accumulate * batch * crop[0] * crop[^1], validations = Math.Ceiling(steps / epoch / every);
        double calibrated = batch * 96 * 128 * validations;
        int found = int.Parse(settings["calibrate"].Value, CultureInfo.InvariantCulture);
        Assert.Equal(found, Math.Min(40, Math.Floor(0.05 * trained / calibrated)));
    }

    private static (string, string)[] Chosen(Dictionary<string, (string Value, string From)> settings, params string[] names) =>
        [.. names.Select(name => (name, settings[name].Value))];

    private static Dictionary<string, (string Value, string From)> DryRun(string data, params string[] more)
    {
        CommandResult result = CommandResult.Of(["train", "--data", data, "--threads", "1", .. more, "--dry-run"]);
        Assert.True(result.Code == 0, result.Error);
        return Parse(result.Output);
    }

    private static Dictionary<string, (string Value, string From)> Parse(string table) => table.Split('\n').Skip(1)
        .Select(line => line.Split("  ", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        .Where(cells => cells.Length == 3).ToDictionary(cells => cells[0], cells => (cells[1], cells[2]));

    private static long PlanBytes(string[] args)
    {
        const string Before = "training plan ";
        string error = CommandResult.Of(args).Error;
        string rest = error[(error.IndexOf(Before, StringComparison.Ordinal) + Before.Length)..];
        return long.Parse(rest[..rest.IndexOf(' ', StringComparison.Ordinal)], NumberStyles.AllowThousands, CultureInfo.InvariantCulture);
    }

    private string Synthetic(int images, string size)
    {
        string data = folder[$"data-{images}-{size}"];
        string[] args = ["data", "synth", "--out", data, "--train", images.ToString(CultureInfo.InvariantCulture), "--val", "3",
            "--size", size, "--seed", "1"];
        Assert.Equal(0, CommandResult.Of(args).Code);
        return data;
    }
}
