using System.Diagnostics;
using Sunet.Data.Reporting;

namespace Sunet.Cli.Tests.Runs.Training;

/// <summary>A run that was stopped anywhere ends in the same bits as one that was not.</summary>
public sealed class ResumeTests(TinyRuns runs) : IClassFixture<TinyRuns>
{
    private static readonly Dictionary<string, string> NoEnvironment = [];

    [Theory]
    [InlineData("1/16 steps")]
    [InlineData("6/16 steps")]
    [InlineData("8/16 steps")]
    [InlineData("validating 2/3")]
    [InlineData("epoch 4 ")]
    public void Train_CancelledThenResumed_EqualsTheUninterruptedRun(string when)
    {
        using var folder = new TemporaryFolder();
        string[] whole = TinyRuns.Train(runs.Data, folder.Path, "whole", "--epochs", "4");
        string[] parts = TinyRuns.Train(runs.Data, folder.Path, "parts", "--epochs", "4");
        Assert.Equal(0, CommandResult.Of(whole).Code);

        CommandResult stopped = CommandResult.CancelledAt(when, parts);
        Assert.Equal(130, stopped.Code);
        Assert.Contains("go on with: sunet train --resume", stopped.Error, StringComparison.Ordinal);
        CommandResult resumed = CommandResult.Of("train", "--resume", folder["parts"]);
        Assert.True(resumed.Code == 0, resumed.Error);
        RunComparison.AssertSame(folder["whole"], folder["parts"]);
    }

    [Theory]
    [InlineData]
    [InlineData("--ema", "0.9")]
    [InlineData("--class-weights", "median-frequency", "--label-smoothing", "0.1", "--dice", "0.5", "--clip-norm", "0.1")]
    public void Train_AccumulatedGradientsStoppedTwice_EqualsTheUninterruptedRun(params string[] extra)
    {
        using var folder = new TemporaryFolder();
        string[] more = ["--iters", "7", "--accumulate", "2", "--val-every", "2", "--nesterov", "--schedule", "poly", "--warmup", "3",
            "--calibrate", "2", .. extra];
        Assert.Equal(0, CommandResult.Of(TinyRuns.Train(runs.Data, folder.Path, "whole", more)).Code);
        Assert.Equal(130, CommandResult.CancelledAt("3/7 steps", TinyRuns.Train(runs.Data, folder.Path, "parts", more)).Code);
        Assert.Equal(130, CommandResult.CancelledAt("5/7 steps", "train", "--resume", folder["parts"]).Code);
        Assert.Equal(0, CommandResult.Of("train", "--resume", folder["parts"]).Code);
        RunComparison.AssertSame(folder["whole"], folder["parts"]);
    }

    [Fact]
    public void Train_OtherSeed_GivesOtherWeights()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(0, CommandResult.Of(TinyRuns.Train(runs.Data, folder.Path, "one", "--iters", "2", "--seed", "1")).Code);
        Assert.Equal(0, CommandResult.Of(TinyRuns.Train(runs.Data, folder.Path, "two", "--iters", "2", "--seed", "2")).Code);
        Assert.NotEqual(
            TinyRuns.Hash(folder["one", "weights", "last.safetensors"]), TinyRuns.Hash(folder["two", "weights", "last.safetensors"]));
    }

    [Fact]
    public void Train_FinishedRunResumed_ChangesNothing()
    {
        string before = TinyRuns.Hash(runs.Weights);
        CommandResult result = CommandResult.Of("train", "--resume", runs.Run);
        Assert.Equal(0, result.Code);
        Assert.Equal(before, TinyRuns.Hash(runs.Weights));
    }

    [Fact]
    public void Train_DiedBehindItsLastStateThenResumed_HasEveryEpochOnceInItsEvents()
    {
        using var folder = new TemporaryFolder();
        string[] args = TinyRuns.Train(runs.Data, folder.Path, "exp", "--epochs", "4", "--save-every", "9", "--val-every", "9");
        Assert.Equal(130, CommandResult.CancelledAt("6/16 steps", args).Code);

        // What a process writes that dies before it saves again.
        EventFile.Begin(folder["exp"], 1).Write(2, [("train/loss", 99)]);
        Assert.Equal(0, CommandResult.Of("train", "--resume", folder["exp"], "--quiet").Code);
        int Count(string text) => Directory.GetFiles(folder["exp"], "events.out.tfevents.*")
            .Sum(file => System.Text.Encoding.Latin1.GetString(File.ReadAllBytes(file)).Split(text).Length - 1);
        Assert.Equal(4, Count("train/loss"));
        Assert.Equal(1, Count("metrics/mIoU"));
    }

    [Fact]
    public void Train_DataSetChangedBeforeResume_IsRefused()
    {
        using var folder = new TemporaryFolder();
        string data = runs.CopyData(folder["data"]);
        string[] args = TinyRuns.Train(data, folder.Path, "exp", "--epochs", "4");
        Assert.Equal(130, CommandResult.CancelledAt("6/16 steps", args).Code);
        string list = Path.Combine(data, "ImageSets", "Segmentation", "train.txt");
        File.WriteAllLines(list, File.ReadAllLines(list).Reverse());
        CommandResult result = CommandResult.Of("train", "--resume", folder["exp"], "--quiet");
        Assert.Equal(2, result.Code);
        Assert.Contains("other images", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("TERM", 143)]
    [InlineData("INT", 130)]
    public async Task Train_Signal_WritesACheckpointAndResumesToTheBit(string signal, int code)
    {
        using var folder = new TemporaryFolder();

        // Long enough that the signal of the second epoch comes before the last one.
        string[] more = ["--epochs", "100", "--val-every", "50", "--save-every", "100"];
        Assert.Equal(0, CommandResult.Of(TinyRuns.Train(runs.Data, folder.Path, "whole", more)).Code);

        using Process process = CommandResult.Start(NoEnvironment, TinyRuns.Train(runs.Data, folder.Path, "parts", more));
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string? line;
        do
        {
            line = await process.StandardError.ReadLineAsync();
        }
        while (line?.StartsWith("epoch 2 ", StringComparison.Ordinal) == false);
        Assert.NotNull(line);
        Process.Start("kill", ["-" + signal, process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]).WaitForExit();
        string rest = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(code, process.ExitCode);
        Assert.Equal("", await output);
        Assert.Contains("stopped at step ", rest, StringComparison.Ordinal);

        Assert.Equal(0, CommandResult.Of("train", "--resume", folder["parts"]).Code);
        RunComparison.AssertSame(folder["whole"], folder["parts"]);
    }
}
