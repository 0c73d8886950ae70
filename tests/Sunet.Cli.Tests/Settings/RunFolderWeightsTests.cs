using System.Text.Json;

namespace Sunet.Cli.Tests.Settings;

/// <summary>A training run's folder in the place of a checkpoint.</summary>
public sealed class RunFolderWeightsTests(TinyRuns runs) : IClassFixture<TinyRuns>, IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>The file that is not meant holds no weights, so that whoever reads it fails.</summary>
    [Theory]
    [InlineData("best", "last")]
    [InlineData("last", null)]
    public void AnyVerb_RunFolder_TakesTheBestWeightsElseTheLast(string taken, string? spoilt)
    {
        string run = TinyRuns.Copy(runs.Run, folder["run"]), file = folder["run", "weights", taken + ".safetensors"];
        if (spoilt is not null)
            File.WriteAllText(folder["run", "weights", spoilt + ".safetensors"], "none");
        else
            File.Delete(folder["run", "weights", "best.safetensors"]);

        CommandResult val = CommandResult.Of(["val", "--data", runs.Data, "--weights", run, "--quiet", "--json"]);
        Assert.True(val.Code == 0, val.Error);
        using JsonDocument parsed = JsonDocument.Parse(val.Output);
        Assert.Equal(file, parsed.RootElement.GetProperty("weights").GetString());
        AssertSucceeds("predict", "--weights", run, "--source", Path.Combine(runs.Data, "JPEGImages"), "--project", folder["predict"]);
        AssertSucceeds("calibrate", "--weights", run, "--data", runs.Data, "--out", folder["new.safetensors"], "--iters", "1");
        AssertSucceeds("info", "--weights", run + "/", "--imgsz", "32");
        AssertSucceeds(
            "train", "--data", runs.Data, "--weights", run, "--imgsz", "32", "--batch", "2", "--iters", "1", "--project", folder["tuned"]);
        Assert.Contains($"weights: {file}", File.ReadAllText(folder["tuned", "exp", "args.yaml"]), StringComparison.Ordinal);

        // Without a name the export lies beside the weights, as it does where the file is given.
        AssertSucceeds("export", "--weights", run);
        Assert.True(File.Exists(folder["run", "weights", taken + ".onnx"]));
    }

    [Theory]
    [InlineData("val")]
    [InlineData("predict")]
    [InlineData("calibrate")]
    [InlineData("export")]
    public void AnyVerb_FolderWithoutWeights_SaysWhatWasLookedFor(string verb)
    {
        CommandResult result = CommandResult.Of(
        [
            verb, "--weights", runs.Data, .. verb switch
            {
                "val" => new[] { "--data", runs.Data },
                "calibrate" => ["--data", runs.Data, "--out", folder["new.safetensors"]],
                "predict" => ["--source", runs.Data, "--project", folder["runs"]],
                _ => [],
            },
        ]);
        Assert.Equal(2, result.Code);
        string weights = Path.Combine(runs.Data, "weights");
        Assert.Equal(
            $"sunet: The folder '{runs.Data}' has no weights of a training run: there is neither '{weights}/best.safetensors' "
            + $"nor '{weights}/last.safetensors'.", Assert.Single(result.ErrorLines));
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    private static void AssertSucceeds(params string[] args)
    {
        CommandResult result = CommandResult.Of(args);
        Assert.True(result.Code == 0, $"{args[0]}: {result.Error}");
    }
}
