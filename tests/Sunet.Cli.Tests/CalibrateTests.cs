using System.Text.Json;
using Sunet.Native.Models;

namespace Sunet.Cli.Tests;

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
        CommandResult result = Calibrate(runs.Weights, folder["out.safetensors"], "--imgsz", "40x64", "--iters", "5", "--output-stride", "8", "--json");
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
        ["calibrate", "--data", runs.Data, "--weights", weights, "--out", path, "--device", "cpu", "--threads", "1", "--workers", "1", "--quiet",
            .. more]);
}
