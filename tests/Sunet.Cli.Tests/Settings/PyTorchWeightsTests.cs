using System.IO.Compression;
using System.Reflection;
using Sunet.Data.Images;
using Sunet.Native.Models;

namespace Sunet.Cli.Tests.Settings;

/// <summary>Files that PyTorch wrote, given as they are to the verbs that take weights.</summary>
public sealed class PyTorchWeightsTests : IClassFixture<TinyRuns>, IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly TinyRuns runs;
    private readonly string segmenter;
    private readonly string classifier;

    public PyTorchWeightsTests(TinyRuns runs)
    {
        this.runs = runs;
        segmenter = Unpack("segmenter-legacy.pth.gz", "checkpoint.pth.tar");
        classifier = Unpack("classifier-zip.pth.gz", "classifier.pth");
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Val_LegacyFile_CountsAsTheSameWeightsInSafetensors()
    {
        SunetModel.Load(segmenter).Save(folder["model.safetensors"]);
        CommandResult[] results = [.. new[] { segmenter, folder["model.safetensors"] }.Select(weights =>
            CommandResult.Of("val", "--data", runs.Data, "--weights", weights, "--threads", "1", "--limit", "2", "--quiet"))];
        Assert.All(results, r => Assert.True(r.Code == 0, r.Error));
        Assert.Contains("mIoU", results[0].Output, StringComparison.Ordinal);
        Assert.Equal(results[1].Output, results[0].Output);
    }

    [Fact]
    public void Predict_LegacyFile_WritesALabelMap()
    {
        string image = Directory.GetFiles(Path.Combine(runs.Data, "JPEGImages"))[0];
        CommandResult result = CommandResult.Of("predict", "--weights", segmenter, "--source", image, "--output-stride", "8",
            "--threads", "1", "--project", folder["runs"], "--quiet");
        Assert.True(result.Code == 0, result.Error);
        var labels = LabelFile.Load(folder["runs", "exp", Path.GetFileNameWithoutExtension(image) + ".png"]);
        Assert.Equal((32, 48), (labels.Height, labels.Width));
    }

    [Fact]
    public void Train_ClassifierOfZipFormat_FineTunesItsFeatures()
    {
        CommandResult result = CommandResult.Of("train", "--data", runs.Data, "--weights", classifier, "--imgsz", "32", "--batch", "2",
            "--lr", "0", "--freeze-bn", "--iters", "1", "--threads", "1", "--project", folder["runs"], "--name", "tuned", "--quiet");
        Assert.True(result.Code == 0, result.Error);
        SunetModel before = SunetModel.Load(classifier), after = SunetModel.Load(folder["runs", "tuned", "weights", "last.safetensors"]);
        Assert.Equal(TinyRuns.ClassCount, after.Spec.Classes);
        Assert.All(before.Names.Where(n => n.StartsWith("features.", StringComparison.Ordinal)),
            n => Assert.Equal(before.Read(n).ToArray(), after.Read(n).ToArray()));
    }

    [Fact]
    public void Val_ClassifierOnDataForSegmentation_IsADataError()
    {
        CommandResult result = CommandResult.Of("val", "--data", runs.Data, "--weights", classifier, "--threads", "1");
        Assert.Equal(2, result.Code);
        Assert.Contains("is no data set for classification", result.Error, StringComparison.Ordinal);
    }

    private string Unpack(string fixture, string name)
    {
        using Stream packed = Assembly.GetExecutingAssembly().GetManifestResourceStream(fixture)!;
        using GZipStream unpacked = new(packed, CompressionMode.Decompress);
        using FileStream file = File.Create(folder[name]);
        unpacked.CopyTo(file);
        return folder[name];
    }
}
