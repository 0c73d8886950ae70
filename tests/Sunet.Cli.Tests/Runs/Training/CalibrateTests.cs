using System.Globalization;
using System.Text.Json;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Models;
using Sunet.Native.Tensors;
using Sunet.Native.Training;

namespace Sunet.Cli.Tests.Runs.Training;

/// <summary>Running statistics taken anew from whole images, by a verb of its own and within a training run.</summary>
public sealed class CalibrateTests(TinyRuns runs) : IClassFixture<TinyRuns>, IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Calibrate_Checkpoint_ChangesItsStatisticsAndNothingElse()
    {
        CommandResult result = Calibrate(runs.Weights, folder["out.safetensors"], "--batch", "3");
        Assert.True(result.Code == 0, result.Error);
        Assert.Contains("running statistics of 2 batches of [3, 3, 32, 48]: ", result.Output, StringComparison.Ordinal);
        SunetModel before = SunetModel.Load(runs.Weights), after = SunetModel.Load(folder["out.safetensors"]);
        Assert.Equal(before.Spec.ClassNames, after.Spec.ClassNames);
        Assert.All(before.Names, name => Assert.Equal(before.IsParameter(name), before.Read(name).SequenceEqual(after.Read(name))));
    }

    [Fact]
    public void Calibrate_Json_SaysWhatWasDone()
    {
        CommandResult result = Calibrate(
            runs.Weights, folder["out.safetensors"], "--imgsz", "40x64", "--iters", "5", "--output-stride", "8", "--json");
        using JsonDocument parsed = JsonDocument.Parse(result.Output);
        Assert.Equal(5, parsed.RootElement.GetProperty("batches").GetInt32());
        Assert.Equal("[4, 3, 40, 64]", parsed.RootElement.GetProperty("batch").GetString());
        Assert.Equal(8, SunetModel.Load(parsed.RootElement.GetProperty("file").GetString()!).Spec.OutputStride);
    }

    [Fact]
    public void Train_Calibrating_SavesWhatTheVerbMakesOfItsWeights()
    {
        CommandResult trained = CommandResult.Of(TinyRuns.Train(runs.Data, folder["runs"], "exp", "--epochs", "1", "--calibrate", "4"));
        Assert.True(trained.Code == 0, trained.Error);
        string last = folder["runs", "exp", "weights", "last.safetensors"];

        // Statistics follow from weights and images alone, so calibrating what is calibrated changes nothing.
        Assert.Equal(0, Calibrate(last, folder["again.safetensors"], "--batch", "2", "--iters", "4").Code);
        AssertEqual(last, folder["again.safetensors"]);
        AssertEqual(last, folder["runs", "exp", "weights", "best.safetensors"]);
    }

    [Fact]
    public void Train_CalibratingOrNot_TrainsTheSameWeights()
    {
        Assert.Equal(0, CommandResult.Of(TinyRuns.Train(runs.Data, folder["runs"], "with", "--epochs", "2", "--calibrate", "2")).Code);
        SunetModel with = SunetModel.Load(folder["runs", "with", "weights", "last.safetensors"]), without = SunetModel.Load(runs.Weights);
        Assert.All(with.Names, name => Assert.Equal(with.IsParameter(name), with.Read(name).SequenceEqual(without.Read(name))));
    }

    [Fact]
    public void Train_DryRunCalibrating_PrintsWhatItTakes()
    {
        string[] args = TinyRuns.Train(runs.Data, folder["runs"], "exp", "--dry-run");
        Assert.DoesNotContain("calibration plan", CommandResult.Of([.. args, "--calibrate", "0"]).Error, StringComparison.Ordinal);
        CommandResult result = CommandResult.Of([.. args, "--calibrate", "2"]);
        Assert.Equal(0, result.Code);
        Assert.Matches(
            @"\(images up to 32x48\), calibration plan [0-9,]+ bytes \(batches of \[2, 3, 32, 48\]\), of [0-9,]+ there are", result.Error);
    }

    /// <summary>While a run calibrates, weights and optimizer of the training stay; its working memory is given back.</summary>
    [Fact]
    public void Train_CalibrationAByteTooLarge_IsRefusedBeforeTheFirstStep()
    {
        string data = folder["data"];
        Assert.Equal(0, CommandResult.Of("data", "synth", "--out", data, "--train", "8", "--val", "1", "--size", "256x384").Code);
        (long kept, long needed) = KeptAndNeeded(new Shape(8, 3, 32, 32), new Shape(8, 3, 256, 384));
        string[] args = TinyRuns.Train(data, folder["runs"], "exp", "--epochs", "1", "--quiet");
        args[Array.IndexOf(args, "--batch") + 1] = "8";
        CommandResult refused = WithMemory(kept + needed - 1, [.. args, "--calibrate", "1"]);
        Assert.Equal(4, refused.Code);
        string numbers = string.Create(CultureInfo.InvariantCulture,
            $"needs {needed:N0} bytes (batches of [8, 3, 256, 384]) and {needed - 1:N0} are left beside the training");

        // The one image to validate on lacks a class, which is warned of first.
        Assert.StartsWith("warning: In the images of the split 'val', no pixel is of", refused.ErrorLines[0], StringComparison.Ordinal);
        Assert.Equal($"sunet: The calibration {numbers}; use a smaller '--batch', or set '--calibrate 0'.",
            Assert.Single(refused.ErrorLines[1..]));
        Assert.False(Directory.Exists(folder["runs"]));

        Assert.Equal(0, WithMemory(kept + needed, [.. args, "--calibrate", "1", "--dry-run"]).Code);
        Assert.Equal(0, WithMemory(kept + needed - 1, [.. args, "--dry-run"]).Code);
    }

    [Theory]
    [InlineData("'--calibrate' takes running statistics anew and '--freeze-bn' keeps them", "--calibrate", "2", "--freeze-bn")]
    [InlineData("'--calibrate'", "--calibrate", "-1")]
    public void Train_CalibrationThatMakesNoSense_IsAUsageError(string said, params string[] more) =>
        AssertUsageError(said, CommandResult.Of(TinyRuns.Train(runs.Data, folder["runs"], "exp", more)));

    [Theory]
    [InlineData("'--iters'", "--iters", "0")]
    [InlineData("larger", "--batch", "9")]
    public void Calibrate_SettingOutOfRange_IsAUsageErrorAndWritesNothing(string said, params string[] more)
    {
        AssertUsageError(said, Calibrate(runs.Weights, folder["out.safetensors"], more));
        Assert.False(File.Exists(folder["out.safetensors"]));
    }

    /// <summary>The bytes that a training on crops keeps while it calibrates on images, and those that the calibration takes.</summary>
    private (long Kept, long Needed) KeptAndNeeded(Shape crops, Shape images)
    {
        SunetModel model = SunetModel.Load(runs.Weights);
        using var backend = new CpuBackend(threads: 1);
        using var source = new NoiseBatches(crops, model.Spec);
        using var trainer = new Trainer(model, source, new TrainerOptions(), backend);
        return (trainer.Plan.RetainedBytes, BatchNormCalibration.MemoryOf(model.Spec, images, ofBytes: true, backend).TotalBytes);
    }

    /// <summary>The limit on the managed heap is what a process takes for the machine's memory.</summary>
    private static CommandResult WithMemory(long bytes, string[] args) => CommandResult.OfProcess(
        new Dictionary<string, string> { ["DOTNET_GCHeapHardLimit"] = bytes.ToString("x", CultureInfo.InvariantCulture) }, args);

    private static void AssertUsageError(string said, CommandResult result)
    {
        Assert.Equal(1, result.Code);
        Assert.Contains(said, Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }

    private static void AssertEqual(string one, string two)
    {
        SunetModel first = SunetModel.Load(one), second = SunetModel.Load(two);
        Assert.All(first.Names, name => Assert.True(first.Read(name).SequenceEqual(second.Read(name)), name));
    }

    private CommandResult Calibrate(string weights, string path, params string[] more) => CommandResult.Of(
    [
        "calibrate", "--data", runs.Data, "--weights", weights, "--out", path, "--device", "cpu", "--threads", "1", "--workers", "1",
        "--quiet", .. more,
    ]);
}
