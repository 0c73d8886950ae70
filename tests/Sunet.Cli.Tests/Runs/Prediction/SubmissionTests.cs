using Sunet.Data.Datasets.Labels;
using Sunet.Data.Images;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;

namespace Sunet.Cli.Tests.Runs.Prediction;

/// <summary>Label maps as the servers of PASCAL VOC and Cityscapes take them.</summary>
public sealed class SubmissionTests(TinyRuns runs) : IClassFixture<TinyRuns>
{
    [Fact]
    public void Predict_Voc_WritesIndexMapsWhereTheServerLooks()
    {
        using var folder = new TemporaryFolder();
        string weights = Model(folder, classes: 21), list = VocList(folder, out string[] names);
        Assert.Equal(0, Predict(folder, "sent", weights, list, "--submission", "voc").Code);
        Assert.Equal(0, Predict(folder, "plain", weights, list, "--no-overlay").Code);
        string maps = folder["sent", "results", "VOC2012", "Segmentation", "comp6_test_cls"];
        Assert.Equal(names.Select(n => n + ".png"), FilesOf(folder["sent"]).Select(Path.GetFileName));
        foreach (string name in names)
            Assert.Equal(File.ReadAllBytes(folder["plain", name + ".png"]), File.ReadAllBytes(Path.Combine(maps, name + ".png")));
    }

    [Fact]
    public void Predict_Cityscapes_WritesLabelIdsUnderTheFramesNames()
    {
        using var folder = new TemporaryFolder();
        string weights = Model(folder, classes: 19), city = folder["leftImg8bit", "berlin"];
        Directory.CreateDirectory(city);
        string image = Images().First();
        File.Copy(image, Path.Combine(city, "berlin_000001_000019_leftImg8bit" + Path.GetExtension(image)));
        Assert.Equal(0, Predict(folder, "sent", weights, folder["leftImg8bit"], "--submission", "cityscapes").Code);
        Assert.Equal(0, Predict(folder, "plain", weights, folder["leftImg8bit"]).Code);
        byte[] sent = Labels(folder["sent", "results", "berlin_000001_000019.png"]);
        byte[] trained = Labels(folder["plain", "berlin_000001_000019_leftImg8bit.png"]);
        Assert.Equal(trained.Select(CityscapesClasses.ToLabelId), sent);
        Assert.NotEqual(trained, sent);
        Assert.Single(FilesOf(folder["sent"]));
    }

    [Fact]
    public void Predict_ImageOfAnotherName_IsRefused()
    {
        using var folder = new TemporaryFolder();
        CommandResult result = Predict(folder, "sent", Model(folder, classes: 19), Images().First(), "--submission", "cityscapes");
        Assert.Equal(2, result.Code);
        Assert.Contains("_leftImg8bit", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("voc", "21")]
    [InlineData("cityscapes", "19")]
    public void Predict_ModelOfOtherClasses_IsRefused(string benchmark, string needed)
    {
        using var folder = new TemporaryFolder();
        string image = Path.Combine(folder.Path, "berlin_000001_000019_leftImg8bit.png");
        File.Copy(Images().First(), image);
        CommandResult result = Predict(folder, "sent", runs.Weights, image, "--submission", benchmark);
        Assert.Equal(1, result.Code);
        Assert.Contains($"has {TinyRuns.ClassCount} classes", result.Error, StringComparison.Ordinal);
        Assert.Contains(needed, result.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["sent"]), "A folder was made.");
    }

    [Theory]
    [InlineData("--submission", "coco")]
    [InlineData("--submission", "voc", "--overlay")]
    [InlineData("--submission", "voc", "--probabilities")]
    public void Predict_WhatNoSubmissionHas_IsRefused(params string[] more)
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(1, Predict(folder, "sent", runs.Weights, Images().First(), more).Code);
    }

    private static CommandResult Predict(TemporaryFolder folder, string name, string weights, string source, params string[] more) =>
        CommandResult.Of(
            ["predict", "--weights", weights, "--source", source, "--project", folder.Path, "--name", name, "--threads", "1", .. more]);

    private static byte[] Labels(string path) => [.. LabelFile.Load(path).Span.ToArray().Cast<byte>()];

    private static string[] FilesOf(string folder) =>
        [.. Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    private static string Model(TemporaryFolder folder, int classes)
    {
        SunetModel model = SunetModel.Create(new SunetSpec
        {
            Config = new SunetConfig("custom", Filters: 4, Depth: 1, [8, 8, 12, 12]) { StemWidth = 4, ResidualWidth = 8 },
            Head = SunetHead.Segmenter,
            Classes = classes,
            OutputStride = 16,
        });
        string path = folder["model.safetensors"];
        model.Save(path);
        return path;
    }

    /// <summary>Two images of the data set under a list as PASCAL VOC has them.</summary>
    private string VocList(TemporaryFolder folder, out string[] names)
    {
        names = ["2008_000001", "2008_000002"];
        Directory.CreateDirectory(folder["VOC2012", "JPEGImages"]);
        Directory.CreateDirectory(folder["VOC2012", "ImageSets", "Segmentation"]);
        foreach ((string name, string image) in names.Zip(Images()))
            File.Copy(image, folder["VOC2012", "JPEGImages", name + ".jpg"]);
        string list = folder["VOC2012", "ImageSets", "Segmentation", "test.txt"];
        File.WriteAllLines(list, names);
        return list;
    }

    private IEnumerable<string> Images() =>
        Directory.GetFiles(runs.Data, "*.jpg", SearchOption.AllDirectories).Order(StringComparer.Ordinal);
}
