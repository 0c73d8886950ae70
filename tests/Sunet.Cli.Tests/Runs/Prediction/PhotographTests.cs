using System.Diagnostics;
using System.Text.Json;
using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Cli.Tests.Runs.Prediction;

/// <summary>Photographs as they come from cameras and the web, behind the verbs that read them.</summary>
public sealed class PhotographTests(TinyRuns runs) : IClassFixture<TinyRuns>, IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Predict_PhotographWithOrientation_WritesWhatViewersShow()
    {
        ImageWriter.WriteJpeg(folder["photo.jpg"], new Rgb[40, 72]);
        Turn(folder["photo.jpg"], 6);
        CommandResult result = Predict(folder["photo.jpg"]);
        Assert.True(result.Code == 0, result.Error);
        var labels = LabelFile.Load(folder["exp", "photo.png"]);
        Assert.Equal((72, 40), (labels.Height, labels.Width));
        var overlay = ImageFile.Load(folder["exp", "photo_overlay.jpg"]);
        Assert.Equal((72, 40), (overlay.Height, overlay.Width));
    }

    [Fact]
    public void Check_PhotographsWithOrientation_SaysHowMany()
    {
        string data = runs.CopyData(folder["data"]);
        foreach (string photo in Directory.GetFiles(data, "*.jpg", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Take(2))
            Turn(photo, 3);
        CommandResult result = CommandResult.Of("data", "check", data, "--quiet");
        Assert.Equal(0, result.Code);
        Assert.Contains("2 of the images have an EXIF orientation and are turned by it", result.Output, StringComparison.Ordinal);
        using JsonDocument json = JsonDocument.Parse(CommandResult.Of("data", "check", data, "--quiet", "--json").Output);
        Assert.Equal(2, json.RootElement.GetProperty("turned_images").GetInt32());
        Assert.DoesNotContain("orientation", CommandResult.Of("data", "check", runs.Data, "--quiet").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void PixelCap_BelowAnImage_IsRefusedByEveryVerbThatReadsIt()
    {
        string photo = Directory.GetFiles(runs.Data, "*.jpg", SearchOption.AllDirectories)[0];
        string[][] commands =
        [
            ["predict", "--weights", runs.Weights, "--source", photo, "--project", folder.Path, "--quiet"],
            ["val", "--weights", runs.Weights, "--data", runs.Data, "--quiet"],
            TinyRuns.Train(runs.Data, folder.Path, "trained", "--epochs", "1", "--quiet"),
            ["calibrate", "--weights", runs.Weights, "--data", runs.Data, "--out", folder["calibrated.safetensors"], "--quiet"],
            ["data", "check", runs.Data, "--quiet"],
            ["data", "convert", "--data", runs.Data, "--out", folder["voc"], "--quiet"],
            ["bench", "--data", runs.Data, "--imgsz", "32", "--batch", "1", "--iters", "1", "--warmup", "1"],
        ];
        foreach (string[] command in commands)
        {
            CommandResult refused = CommandResult.Of([.. command, "--pixel-cap", "1535"]);
            Assert.Equal(2, refused.Code);
            Assert.Contains("is 48 x 32 pixels, above the cap of 1535", refused.Output + refused.Error, StringComparison.Ordinal);
            Assert.Equal(1, CommandResult.Of([.. command, "--pixel-cap", "0"]).Code);
        }

        Assert.Equal(0, CommandResult.Of([.. commands[0], "--pixel-cap", "1536"]).Code);
    }

    [Fact]
    public void PixelCap_RaisedOrLoweredOnResume_IsAllowed()
    {
        string[] train = TinyRuns.Train(runs.Data, folder.Path, "run", "--epochs", "1", "--quiet");
        Assert.Equal(0, CommandResult.Of(train).Code);
        string[] changes = ["--pixel-cap", "100000", "--decode-memory", "64"];
        Assert.Equal(0, CommandResult.Of(["train", "--resume", folder["run"], "--quiet", .. changes]).Code);
    }

    /// <summary>Eight images of 3072 x 3072 in a few kilobytes, each of which takes 75 MB.</summary>
    [Fact]
    public void Bench_ManyWorkersAndImageBombs_StaysWithinTheMemoryToDecodeIn()
    {
        const int Side = 3072;
        IndexPngWriter.Write(folder["bomb.png"], new byte[Side, Side]);
        Assert.InRange(new FileInfo(folder["bomb.png"]).Length, 1, 100_000);
        string[] names = [.. Enumerable.Range(0, 8).Select(i => $"b{i}")];
        foreach (string part in new[] { "JPEGImages", "SegmentationClass" })
        {
            Directory.CreateDirectory(folder["voc", part]);
            foreach (string name in names)
                File.Copy(folder["bomb.png"], folder["voc", part, name + ".png"]);
        }

        Directory.CreateDirectory(folder["voc", "ImageSets", "Segmentation"]);
        File.WriteAllLines(folder["voc", "ImageSets", "Segmentation", "train.txt"], names);
        File.WriteAllLines(folder["voc", "classes.txt"], ["ground", "thing"]);
        string[] bench =
            ["bench", "--data", folder["voc"], "--workers", "8", "--imgsz", "32", "--batch", "8", "--iters", "1", "--warmup", "1"];

        // One at a time, and what an idle process takes; eight at once would be 600 MB more.
        Assert.InRange(PeakMegabytes([.. bench, "--decode-memory", "80"]), 1, 450);

        // Not one of them fits, and yet each is read, alone.
        Assert.InRange(PeakMegabytes([.. bench, "--decode-memory", "1"]), 1, 450);
    }

    private CommandResult Predict(string source) => CommandResult.Of(
        "predict", "--weights", runs.Weights, "--source", source, "--project", folder.Path, "--name", "exp", "--quiet");

    private static void Turn(string photo, byte orientation)
    {
        byte[] file = File.ReadAllBytes(photo);
        byte[] exif = [.. "Exif\0\0II*\0"u8, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0];
        File.WriteAllBytes(photo, [.. file[..2], 0xFF, 0xE1, 0, (byte)(exif.Length + 2), .. exif, .. file[2..]]);
    }

    private static long PeakMegabytes(string[] args)
    {
        using Process process = CommandResult.Start(new Dictionary<string, string>(), args);
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        long peak = 0;
        while (!process.WaitForExit(10))
        {
            process.Refresh();
            try
            {
                peak = Math.Max(peak, process.PeakWorkingSet64);
            }
            catch (InvalidOperationException)
            {
                // It has just ended.
            }
        }

        Assert.True(process.ExitCode == 0, output.Result + error.Result);
        return peak >> 20;
    }
}
