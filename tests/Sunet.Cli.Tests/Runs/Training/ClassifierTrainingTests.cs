using System.Globalization;
using CommunityToolkit.HighPerformance;
using Sunet.Data.Images;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;

namespace Sunet.Cli.Tests.Runs.Training;

/// <summary>Classifiers are trained, continued and fine-tuned as segmenters are.</summary>
public sealed class ClassifierTrainingTests : IDisposable
{
    private static readonly string[] Classes = ["blue", "green", "red"];
    private readonly TemporaryFolder folder = new();

    public ClassifierTrainingTests()
    {
        Draw(folder["data"], Classes);
    }

    [Fact]
    public void Train_ClassificationData_LearnsAndLeavesEveryFileOfARun()
    {
        CommandResult result = CommandResult.Of(Train("exp", "--epochs", "6", "--val-every", "2"));
        Assert.True(result.Code == 0, result.Error);
        string[] lines = File.ReadAllLines(folder["exp", "results.csv"]);
        Assert.Equal("epoch,time,train/loss,metrics/top1_error,metrics/top5_error,lr/pg0", lines[0]);
        Assert.Equal(["", "0", "", "0", "", "0"], lines.Skip(1).Select(l => l.Split(',')[4]));
        double[] losses = [.. lines.Skip(1).Select(l => double.Parse(l.Split(',')[2], CultureInfo.InvariantCulture))];
        Assert.True(losses[^1] < 0.8 * losses[0], $"loss went from {losses[0]} to {losses[^1]}");
        Assert.Contains("best top1_error ", result.Output, StringComparison.Ordinal);
        Assert.Matches("training waited [0-9.]+ % of its time for data", result.Output);
        Assert.All(["results.png", "weights/best.safetensors", "state/state-24.safetensors"],
            file => Assert.True(File.Exists(folder["exp", file]), file));
        SunetModel model = SunetModel.Load(folder["exp", "weights", "best.safetensors"]);
        Assert.Equal((SunetHead.Classifier, 3), (model.Spec.Head, model.Spec.Classes));
        Assert.Equal(Classes, model.Spec.ClassNames);
        string[] saved = File.ReadAllLines(folder["exp", "args.yaml"]);
        Assert.Contains("nesterov: true", saved);
        Assert.DoesNotContain(saved, l => l.Split(':')[0] is "rotation" or "degrid" or "cache");
    }

    [Theory]
    [InlineData("6/16 steps")]
    [InlineData("epoch 3 ")]
    public void Train_CancelledThenResumed_EqualsTheUninterruptedRun(string when)
    {
        string[] more = ["--epochs", "4", "--schedule", "step", "--lr-step-size", "1", "--lr-gamma", "0.5"];
        Assert.Equal(0, CommandResult.Of(Train("whole", more)).Code);
        Assert.Equal(130, CommandResult.CancelledAt(when, Train("parts", more)).Code);
        CommandResult resumed = CommandResult.Of("train", "--resume", folder["parts"]);
        Assert.True(resumed.Code == 0, resumed.Error);
        RunComparison.AssertSame(folder["whole"], folder["parts"]);
        Assert.Equal(["0.05", "0.025", "0.0125", "0.00625"],
            File.ReadAllLines(folder["whole", "results.csv"]).Skip(1).Select(l => l.Split(',')[^1]));
    }

    [Fact]
    public void Train_SegmenterFromAClassifier_TakesItsFeatures()
    {
        using var runs = new TinyRuns();
        Assert.Equal(0, CommandResult.Of(Train("exp", "--iters", "1")).Code);
        string weights = folder["exp", "weights", "last.safetensors"];
        CommandResult result = CommandResult.Of("train", "--recipe", "voc", "--data", runs.Data, "--train-split", "train",
            "--weights", weights, "--imgsz", "32", "--batch", "2", "--lr", "0", "--freeze-bn", "--iters", "1", "--threads", "1",
            "--project", folder.Path, "--name", "tuned");
        Assert.True(result.Code == 0, result.Error);
        Assert.Contains("weights: features below a new head of", result.Error, StringComparison.Ordinal);
        SunetModel before = SunetModel.Load(weights), after = SunetModel.Load(folder["tuned", "weights", "last.safetensors"]);
        Assert.All(before.Names.Where(n => n.StartsWith("features.", StringComparison.Ordinal)),
            n => Assert.Equal(before.Read(n).ToArray(), after.Read(n).ToArray()));

        CommandResult refused = CommandResult.Of("train", "--recipe", "voc-from-coco", "--data", runs.Data, "--train-split", "train",
            "--weights", weights, "--quiet");
        Assert.Equal(2, refused.Code);
        Assert.Contains("goes on from a segmenter, and checkpoint", Assert.Single(refused.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public void Train_ClassifierOfOtherClasses_TakesTheFeaturesAndMakesAHead()
    {
        Draw(folder["more"], [.. Classes, "violet"]);
        Assert.Equal(0, CommandResult.Of(Train("exp", "--iters", "1")).Code);
        string weights = folder["exp", "weights", "last.safetensors"];
        CommandResult result = CommandResult.Of(
            TrainOn(folder["more"], "tuned", "--weights", weights, "--lr", "0", "--freeze-bn", "--iters", "1"));
        Assert.True(result.Code == 0, result.Error);
        SunetModel before = SunetModel.Load(weights), after = SunetModel.Load(folder["tuned", "weights", "last.safetensors"]);
        Assert.Equal(4, after.Spec.Classes);
        Assert.All(before.Names.Where(n => n.StartsWith("features.", StringComparison.Ordinal)),
            n => Assert.Equal(before.Read(n).ToArray(), after.Read(n).ToArray()));
        Assert.Contains("final-lr-multiplier: 10", File.ReadAllLines(folder["tuned", "args.yaml"]));
    }

    [Fact]
    public void Train_ResumedWithoutItsData_SaysThatTheyAreGone()
    {
        Assert.Equal(0, CommandResult.Of(Train("exp", "--iters", "1")).Code);
        Directory.Delete(folder["data"], recursive: true);
        CommandResult result = CommandResult.Of("train", "--resume", folder["exp"], "--quiet");
        Assert.Equal(2, result.Code);
        Assert.Contains("is not there", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--recipe", "voc", "trains a segmenter and '")]
    [InlineData("--rotation", "5", "'--rotation' says nothing for a classifier")]
    [InlineData("--output-stride", "8", "'--output-stride' says nothing for a classifier")]
    [InlineData("--lighting", "-1", "'--lighting' is '-1'")]
    [InlineData("--val-split", "test", "The split 'test' is missing")]
    public void Train_WhatAClassifierHasNot_IsRefused(string flag, string value, string said)
    {
        CommandResult result = CommandResult.Of(Train("exp", "--iters", "1", flag, value, "--quiet"));
        Assert.Equal(flag == "--val-split" ? 2 : 1, result.Code);
        Assert.Contains(said, Assert.Single(result.ErrorLines), StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["exp"]));
    }

    public void Dispose() => folder.Dispose();

    private string[] Train(string name, params string[] more) => TrainOn(folder["data"], name, ["--lr", "0.05", .. more]);

    private string[] TrainOn(string data, string name, params string[] more) =>
    [
        "train", "--data", data, "--model", "custom", "--filters", "4", "--depth", "1", "--widths", "8,8,12,12", "--stem-width", "4",
        "--residual-width", "8", "--imgsz", "32", "--batch", "3", "--threads", "1", "--workers", "1", "--project", folder.Path,
        "--name", name, .. more,
    ];

    /// <summary>Four images to train on and two to validate on, of each class one colour in several shades.</summary>
    private static void Draw(string data, string[] classes)
    {
        for (int c = 0; c < classes.Length; c++)
        {
            for (int i = 0; i < 6; i++)
            {
                string images = Path.Combine(data, i < 4 ? "train" : "val", classes[c]);
                Directory.CreateDirectory(images);
                var pixels = new Rgb[40, 48];
                byte shade = (byte)(120 + (20 * i));
                new Span2D<Rgb>(pixels).Fill(new Rgb(c == 2 ? shade : (byte)40, c == 1 ? shade : (byte)40, c == 0 ? shade : (byte)40));
                ImageWriter.WritePng(Path.Combine(images, FormattableString.Invariant($"{i}.png")), pixels);
            }
        }
    }
}
