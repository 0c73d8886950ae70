using System.Text.Json;
using Sunet.Cli.Runs.Measuring;
using Sunet.Data.Augmentation;
using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Reading;
using Sunet.Data.Images;
using Sunet.Data.Loading;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;
using Sunet.Native.Training;

namespace Sunet.Cli.Tests.Runs.Measuring;

/// <summary>A classifier of three colours, trained for a moment on a data set of folders.</summary>
public sealed class ClassifierTests(ClassifierTests.Trained trained) : IClassFixture<ClassifierTests.Trained>, IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Train_BatchesOfClasses_LowersTheLoss()
    {
        Assert.InRange(trained.Losses[..3].Average(), 0.7, 2.5);
        Assert.InRange(trained.Losses[^3..].Average(), 0, 0.3);
    }

    /// <summary>Folders swapped, the same predictions are right or wrong the other way round.</summary>
    [Fact]
    public void Val_TrainedClassifier_MeasuresErrorsOfAllImages()
    {
        AssertErrors(trained.Data, 0, 0);
        foreach ((string from, string to) in new[] { ("val/red", "val/x"), ("val/green", "val/red"), ("val/x", "val/green") })
            Directory.Move(Path.Combine(Copy(), from), Path.Combine(Copy(), to));
        AssertErrors(Copy(), 66.67, 0);
        AssertErrors(Copy(), 50, 0, "--limit", "4");
    }

    [Fact]
    public void Val_TrainedClassifier_PrintsATableAlone()
    {
        CommandResult result = CommandResult.Of(
            "val", "--data", trained.Data, "--weights", trained.Weights, "--imgsz", "64", "--batch", "4", "--threads", "1");
        Assert.True(result.Code == 0, result.Error);
        Assert.Contains("images  top1_error  top5_error\n     6        0.00        0.00\n", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(ClassifierEvaluation.Definition, result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--train")]
    [InlineData("--no-train")]
    public void Info_Classifier_ShowsItsLayers(string purpose)
    {
        CommandResult result = CommandResult.Of(
            "info", "--weights", trained.Weights, "--imgsz", "64", "--batch", "2", purpose, "--threads", "1", "--json");
        Assert.True(result.Code == 0, result.Error);
        using JsonDocument parsed = JsonDocument.Parse(result.Output);
        Assert.Contains(
            parsed.RootElement.GetProperty("layers").EnumerateArray(), layer => layer.GetProperty("layer").GetString() == "linear");
    }

    [Theory]
    [InlineData(1, "output stride is 32", "info", "--output-stride", "8")]
    [InlineData(1, "'--scales' is for a segmenter", "val", "--scales", "1,2")]
    [InlineData(1, "'--batch' is 'none'", "val", "--batch", "none")]
    [InlineData(2, "there is no folder", "val", "--split", "test")]
    [InlineData(2, "is a classifier; a segmenter is needed", "predict", "--source", "val/red/0.JPEG")]
    public void AnyVerb_WhatAClassifierHasNot_IsAnError(int code, string said, string verb, string flag, string value)
    {
        string[] data = verb switch
        {
            "val" => ["--data", trained.Data, "--quiet"],
            "predict" => ["--project", folder["runs"], "--quiet"],
            _ => [],
        };
        string given = flag == "--source" ? Path.Combine(trained.Data, value) : value;
        AssertFailure(code, said, [verb, .. data, "--weights", trained.Weights, flag, given]);
    }

    [Fact]
    public void Val_DataAndModelThatDoNotFit_NameBoth()
    {
        Assert.Equal(0, CommandResult.Of("data", "synth", "--out", folder["pixels"], "--train", "1", "--val", "1", "--size", "32x32").Code);
        AssertFailure(2, "no data set for classification", "val", "--data", folder["pixels"], "--weights", trained.Weights, "--quiet");
        foreach (string split in new[] { "train", "val" })
            Trained.Paint(Path.Combine(Copy(), split, "yellow", "1.JPEG"), new Rgb(200, 200, 10), 0);
        AssertFailure(2, "has 3 classes and the data set", "val", "--data", Copy(), "--weights", trained.Weights, "--quiet");
    }

    [Fact]
    public void DataCheck_ClassFolders_CountsAndFinds()
    {
        CommandResult clean = CommandResult.Of("data", "check", trained.Data);
        Assert.Equal(0, clean.Code);
        Assert.Contains("images 18  classes 3  findings 0", clean.Output, StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(Copy(), "val", "red", "0.JPEG"), "no jpeg");
        CommandResult damaged = CommandResult.Of("data", "check", Copy(), "--json");
        Assert.Equal(2, damaged.Code);
        JsonElement json = JsonDocument.Parse(damaged.Output).RootElement;
        Assert.Equal(6, json.GetProperty("classes")[0].GetProperty("images").GetInt32());
        Assert.EndsWith("val/red/0.JPEG", json.GetProperty("findings")[0].GetProperty("path").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Bench_Loader_CountsImagesAndShares(bool classification)
    {
        string data = classification ? trained.Data : folder["pixels"];
        if (!classification)
            Assert.Equal(0, CommandResult.Of("data", "synth", "--out", data, "--train", "6", "--val", "1", "--size", "48x64").Code);
        CommandResult result = CommandResult.Of(
            "bench", "--data", data, "--imgsz", "32", "--batch", "2", "--iters", "8", "--workers", "1", "--json");
        Assert.True(result.Code == 0, result.Error);
        JsonElement json = JsonDocument.Parse(result.Output).RootElement;
        Assert.True(json.GetProperty("images").GetInt32() >= 10);
        Assert.True(json.GetProperty("images_per_core_s").GetDouble() > 0 && json.GetProperty("mb_per_s").GetDouble() > 0);
        Assert.Equal(100, json.GetProperty("decode_percent").GetDouble() + json.GetProperty("warp_percent").GetDouble(), 0.011);
    }

    [Theory]
    [InlineData("leave out '--model'", "--data", "x", "--model", "sunet64")]
    [InlineData("'--workers' is for loading data", "--workers", "2", "--model", "sunet64")]
    public void Bench_ModelAndLoader_ContradictEachOther(string said, params string[] args) => AssertFailure(1, said, ["bench", .. args]);

    private string Copy()
    {
        string copy = folder["copy"];
        if (!Directory.Exists(copy))
            TinyRuns.Copy(trained.Data, copy);
        return copy;
    }

    private void AssertErrors(string data, double top1, double top5, params string[] more)
    {
        CommandResult result = CommandResult.Of(
            ["val", "--data", data, "--weights", trained.Weights, "--imgsz", "64", "--batch", "4", "--threads", "1", "--json", .. more]);
        Assert.True(result.Code == 0, result.Error);
        JsonElement json = JsonDocument.Parse(result.Output).RootElement;
        Assert.Equal((top1, top5), (json.GetProperty("top1_error").GetDouble(), json.GetProperty("top5_error").GetDouble()));
    }

    private static void AssertFailure(int code, string said, params string[] args)
    {
        CommandResult result = CommandResult.Of(args);
        Assert.True(code == result.Code, $"returned {result.Code}: {result.Error}");
        Assert.Contains(said, Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }

    public sealed class Trained : IDisposable
    {
        private static readonly (string Name, Rgb Colour)[] Colours =
            [("blue", new Rgb(30, 40, 210)), ("green", new Rgb(40, 200, 30)), ("red", new Rgb(220, 30, 30))];

        private readonly TemporaryFolder folder = new();

        public Trained()
        {
            Data = folder["data"];
            Weights = folder["model.safetensors"];
            foreach ((string name, Rgb colour) in Colours)
            {
                for (int i = 0; i < 6; i++)
                    Paint(Path.Combine(Data, i < 4 ? "train" : "val", name, (i % 4) + ".JPEG"), colour, i);
            }

            ClassificationDataset images = DatasetReader.OpenClassification(Data, "train");
            var crops = new ClassificationAugmentation(64, 64) { AreaMin = 0.5, ColorJitter = 0.1 };
            using var batches = new BatchLoader(images, new ClassificationLoaderSettings(6, crops) { Workers = 1 });
            SunetModel model = SunetModel.Create(new SunetSpec
            {
                Config = new SunetConfig("custom", 16, 1, [16, 16, 32, 32]) { StemWidth = 16, ResidualWidth = 16 },
                Head = SunetHead.Classifier,
                Classes = images.ClassCount,
                ClassNames = images.ClassNames,
            });

            // oneDNN has quick kernels for multiples of 16 channels only.
            using var backend = new CpuBackend(threads: 1);
            var options = new TrainerOptions { Sgd = new SgdOptions { LearningRate = 0.05 }, BatchNormMomentum = 0.1f };
            using var trainer = new Trainer(model, batches, options, backend);
            Losses = [.. Enumerable.Range(0, 60).Select(_ => trainer.Step().Loss)];
            trainer.CopyTo(model);
            model.Save(Weights);
        }

        public string Data { get; }

        public string Weights { get; }

        public double[] Losses { get; }

        /// <summary>A picture of about one colour.</summary>
        public static void Paint(string path, Rgb colour, int seed)
        {
            var random = new Random(seed);
            var image = new Rgb[40, 48];
            for (int i = 0; i < image.Length; i++)
            {
                int noise = random.Next(-20, 21);
                image[i / 48, i % 48] = new Rgb((byte)(colour.R + noise), (byte)(colour.G + noise), (byte)(colour.B + noise));
            }

            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            ImageWriter.WriteJpeg(path, image);
        }

        public void Dispose() => folder.Dispose();
    }
}
