using System.Text.Json;
using Sunet.Data.Images;

namespace Sunet.Cli.Tests;

/// <summary>Commands that succeed, from data to predictions.</summary>
public sealed class EndToEndTests(TinyRuns runs) : IClassFixture<TinyRuns>
{
    [Fact]
    public void Train_TinyModel_LeavesEveryFileOfARun()
    {
        string[] expected =
        [
            "args.yaml", "environment.json", "results.csv", "results.png", "confusion_matrix.png", "val_pictures.jpg", "report.html",
            "weights/last.safetensors", "weights/best.safetensors", "weights/config.json", "state/state-8.safetensors",
        ];
        Assert.All(expected, file => Assert.True(new FileInfo(Path.Combine(runs.Run, file)) is { Exists: true, Length: > 0 }, file));
        Assert.Single(Directory.GetFiles(runs.Run, "events.out.tfevents.*.sunet"));
        string[] lines = File.ReadAllLines(Path.Combine(runs.Run, "results.csv"));
        Assert.Equal("epoch,time,train/loss,metrics/mIoU,metrics/aAcc,metrics/mAcc,lr/pg0", lines[0]);
        Assert.Equal(["1", "2"], lines.Skip(1).Select(l => l.Split(',')[0]));
    }

    [Fact]
    public void Train_ManyEpochs_LowersTheLoss()
    {
        using var folder = new TemporaryFolder();
        CommandResult result = CommandResult.Of(TinyRuns.Train(runs.Data, folder.Path, "learn", "--epochs", "40", "--val-every", "40"));
        Assert.Equal(0, result.Code);
        string[] rows = File.ReadAllLines(folder["learn", "results.csv"]);
        double Loss(int row) => double.Parse(rows[row].Split(',')[2], System.Globalization.CultureInfo.InvariantCulture);
        Assert.True(Loss(40) < 0.7 * Loss(1), $"loss went from {Loss(1)} to {Loss(40)}");
    }

    [Fact]
    public void Train_SameNameAgain_MakesAnotherFolder()
    {
        using var folder = new TemporaryFolder();
        string[] args = TinyRuns.Train(runs.Data, folder.Path, "exp", "--iters", "1");
        Assert.Equal(0, CommandResult.Of(args).Code);
        Assert.Equal(0, CommandResult.Of(args).Code);
        Assert.Equal([folder["exp"], folder["exp2"]], Directory.GetDirectories(folder.Path).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Train_DryRun_PrintsMemoryAndMakesNothing()
    {
        using var folder = new TemporaryFolder();
        CommandResult result = CommandResult.Of(TinyRuns.Train(runs.Data, folder["runs"], "exp", "--dry-run"));
        Assert.Equal(0, result.Code);
        Assert.Matches("memory: training plan [0-9,]+ bytes, validation plan [0-9,]+ bytes \\(images up to 32x48\\)", result.Error);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void Train_ConfigFile_IsOverruledByTheCommandLine()
    {
        using var folder = new TemporaryFolder();
        string config = Path.Combine(runs.Run, "args.yaml");
        CommandResult result = CommandResult.Of("train", "--config", config, "--epochs", "1", "--project", folder.Path, "--name", "again");
        Assert.Equal(0, result.Code);
        string[] saved = File.ReadAllLines(folder["again", "args.yaml"]);
        Assert.Contains("epochs: 1", saved);
        Assert.Contains("lr: 0.05", saved);
        Assert.Contains("widths: '8,8,12,12'", saved);
    }

    [Fact]
    public void Train_WeightsOfOtherClasses_KeepsFeaturesAndMakesAHead()
    {
        using var folder = new TemporaryFolder();
        string data = runs.CopyData(folder["data"]);
        File.AppendAllText(Path.Combine(data, "classes.txt"), "another\n");
        CommandResult result = CommandResult.Of(
            "train", "--data", data, "--weights", runs.Weights, "--imgsz", "32", "--batch", "2", "--lr", "0",
            "--freeze-bn", "--iters", "1", "--threads", "1", "--project", folder.Path, "--name", "tuned");
        Assert.Equal(0, result.Code);
        var before = Sunet.Native.Models.SunetModel.Load(runs.Weights);
        var after = Sunet.Native.Models.SunetModel.Load(folder["tuned", "weights", "last.safetensors"]);
        Assert.Equal(TinyRuns.ClassCount + 1, after.Spec.Classes);
        Assert.Contains("final-lr-multiplier: 10", File.ReadAllLines(folder["tuned", "args.yaml"]));
        Assert.All(before.Names.Where(n => n.StartsWith("features.", StringComparison.Ordinal)),
            n => Assert.Equal(before.Read(n).ToArray(), after.Read(n).ToArray()));
    }

    [Fact]
    public void Val_Json_AgreesWithTheTable()
    {
        CommandResult json = CommandResult.Of("val", "--data", runs.Data, "--weights", runs.Weights, "--threads", "1", "--json");
        CommandResult table = CommandResult.Of("val", "--data", runs.Data, "--weights", runs.Weights, "--threads", "1");
        Assert.Equal((0, 0), (json.Code, table.Code));
        using JsonDocument parsed = JsonDocument.Parse(json.Output);
        Assert.Equal(TinyRuns.ClassCount, parsed.RootElement.GetProperty("classes").GetArrayLength());
        string accuracy = parsed.RootElement.GetProperty("aAcc").GetDouble()
            .ToString("F2", System.Globalization.CultureInfo.InvariantCulture);
        Assert.Contains($"aAcc {accuracy}", table.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("mean over classes", table.Output, StringComparison.Ordinal);
        string last = File.ReadAllLines(Path.Combine(runs.Run, "results.csv"))[^1].Split(',')[4];
        Assert.StartsWith(accuracy, Math.Round(double.Parse(last, System.Globalization.CultureInfo.InvariantCulture), 2)
            .ToString("F2", System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal);
    }

    [Fact]
    public void Val_ScalesAndFlip_CountsEveryLabelledPixel()
    {
        CommandResult result = CommandResult.Of(
            "val", "--data", runs.Data, "--weights", runs.Weights, "--threads", "1", "--scales", "1,1.5",
            "--flip", "--output-stride", "8", "--limit", "2");
        Assert.Equal(0, result.Code);
        Assert.Contains("images 2 ", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Predict_FolderWithOneCorruptImage_SegmentsTheOthersAndReturnsTwo()
    {
        using var folder = new TemporaryFolder();
        string images = Directory.CreateDirectory(folder["images"]).FullName;
        string[] sources = [.. Directory.GetFiles(Path.Combine(runs.Data, "JPEGImages")).Order(StringComparer.Ordinal).Take(2)];
        foreach (string source in sources)
            File.Copy(source, Path.Combine(images, Path.GetFileName(source)));
        File.WriteAllBytes(Path.Combine(images, "broken.jpg"), File.ReadAllBytes(sources[0])[..200]);

        CommandResult result = CommandResult.Of(
            "predict", "--weights", runs.Weights, "--source", images, "--probabilities", "--threads", "1",
            "--project", folder["runs"], "--quiet");
        Assert.Equal(2, result.Code);
        Assert.Contains("broken.jpg", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
        foreach (string stem in sources.Select(Path.GetFileNameWithoutExtension).OfType<string>())
            CheckPrediction(folder["runs", "exp"], stem);
        Assert.False(File.Exists(folder["runs", "exp", "broken.png"]));
    }

    [Fact]
    public void Predict_ActivationsAndLegend_AreDrawn()
    {
        using var folder = new TemporaryFolder();
        string source = Directory.GetFiles(Path.Combine(runs.Data, "JPEGImages"))[0];
        CommandResult result = CommandResult.Of("predict", "--weights", runs.Weights, "--source", source, "--activations", "--legend",
            "--threads", "1", "--project", folder.Path, "--quiet");
        Assert.True(result.Code == 0, result.Error);
        string stem = folder["exp", Path.GetFileNameWithoutExtension(source)];
        Assert.Equal(320, ImageFile.Load(stem + "_overlay.jpg").Width);

        // Stem and residual block beside image and prediction, then a row for each of the five modules.
        var chart = ImageFile.Load(stem + "_activations.png");
        Assert.Equal((5 * 270) + 14, chart.Width);
        Assert.Equal(46 + (6 * (170 + 44)) + 14, chart.Height);
    }

    [Fact]
    public void Info_Train_RegionsMakeUpTheTotal()
    {
        CommandResult result = CommandResult.Of("info", "--model", "sunet-tiny", "--imgsz", "128", "--train", "--threads", "1", "--json");
        Assert.Equal(0, result.Code);
        using JsonDocument parsed = JsonDocument.Parse(result.Output);
        JsonProperty[] regions = [.. parsed.RootElement.GetProperty("memory").EnumerateObject()];
        Assert.Equal(
            regions.Single(r => r.Name == "total").Value.GetInt64(), regions.Where(r => r.Name != "total").Sum(r => r.Value.GetInt64()));
        Assert.True(parsed.RootElement.GetProperty("flops").GetInt64() > 0);
    }

    [Theory]
    [InlineData("--train")]
    [InlineData("--no-train")]
    public void Bench_TinyModel_TimesEveryConvolutionAlone(string purpose)
    {
        using var folder = new TemporaryFolder();
        CommandResult result = CommandResult.Of(
            "bench", "--model", "sunet-tiny", "--imgsz", "128", purpose, "--iters", "2", "--warmup", "1",
            "--threads", "1", "--json", "--csv", folder["layers.csv"]);
        Assert.Equal(0, result.Code);
        using JsonDocument parsed = JsonDocument.Parse(result.Output);
        JsonElement[] layers = [.. parsed.RootElement.GetProperty("layers").EnumerateArray()];
        Assert.All(layers, l => Assert.Equal(
            l.GetProperty("op").GetString()!.Contains("Convolution", StringComparison.Ordinal), l.TryGetProperty("alone_ms", out _)));
        double alone = layers.Sum(l => l.TryGetProperty("alone_ms", out JsonElement ms) ? ms.GetDouble() : 0);
        Assert.Equal(alone, parsed.RootElement.GetProperty("convolutions_alone_ms").GetDouble(), 6);
        Assert.True(alone > 0);
        Assert.Equal(layers.Length + 1, File.ReadAllLines(folder["layers.csv"]).Length);
    }

    [Fact]
    public void Doctor_SoundInstallation_SaysThatItWorks()
    {
        CommandResult result = CommandResult.Of("doctor");
        Assert.Equal(0, result.Code);
        Assert.Contains("works: cpu", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Train_HelpFlag_ListsTheFlags()
    {
        CommandResult result = CommandResult.Of("train", "--help");
        Assert.Equal(0, result.Code);
        Assert.Contains("--output-stride", result.Output, StringComparison.Ordinal);
    }

    private static void CheckPrediction(string folder, string stem)
    {
        var labels = LabelFile.Load(Path.Combine(folder, stem + ".png"));
        Assert.Equal((32, 48), (labels.Height, labels.Width));
        Assert.Equal((32, 48), (ImageFile.Load(Path.Combine(folder, stem + "_overlay.jpg")).Height, labels.Width));
        byte[] npy = File.ReadAllBytes(Path.Combine(folder, stem + ".npy"));
        int dataBytes = TinyRuns.ClassCount * labels.Height * labels.Width * sizeof(float), header = npy.Length - dataBytes;
        Assert.Equal(0, header % 64);
        Assert.Equal(header - 10, BitConverter.ToUInt16(npy, 8));
        Assert.Contains("'shape': (6, 32, 48,)", System.Text.Encoding.ASCII.GetString(npy, 10, header - 10), StringComparison.Ordinal);

        // The label map holds, pixel by pixel, the class with the largest of the probabilities beside it.
        ReadOnlySpan<float> values = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(npy.AsSpan(header));
        int plane = labels.Height * labels.Width;
        for (int i = 0; i < plane; i++)
        {
            int best = labels.Span[i / labels.Width, i % labels.Width];
            float sum = 0;
            for (int c = 0; c < TinyRuns.ClassCount; c++)
            {
                Assert.True(values[(c * plane) + i] <= values[(best * plane) + i] + 1e-6f);
                sum += values[(c * plane) + i];
            }

            Assert.Equal(1, sum, 1e-5);
        }
    }
}
