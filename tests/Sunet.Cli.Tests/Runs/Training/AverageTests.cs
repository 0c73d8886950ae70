using System.Text.Json;
using Sunet.Native.Checkpoints;
using Sunet.Native.Models;

namespace Sunet.Cli.Tests.Runs.Training;

/// <summary>A run with <c>--ema</c> trains as one without, and validates and saves the average of its weights.</summary>
public sealed class AverageTests(TinyRuns runs) : IClassFixture<TinyRuns>, IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Train_WithAnAverage_TrainsTheSameAndSavesTheAverage()
    {
        CommandResult result = CommandResult.Of(
            TinyRuns.Train(runs.Data, folder.Path, "exp", "--epochs", "2", "--ema", "0.9", "--calibrate", "0"));
        Assert.True(result.Code == 0, result.Error);
        SunetModel averaged = SunetModel.Load(folder["exp", "weights", "last.safetensors"]), plain = SunetModel.Load(runs.Weights);
        using SafetensorsFile state = SafetensorsFile.Open(Directory.GetFiles(folder["exp", "state"]).Max(StringComparer.Ordinal)!);
        foreach (string name in averaged.Names)
        {
            Assert.Equal(state.Floats("average/" + name), averaged.Read(name).ToArray());
            Assert.Equal(plain.Read(name).ToArray(), state.Floats(name));
        }

        Assert.Contains(averaged.Names, name => !averaged.Read(name).SequenceEqual(plain.Read(name)));
    }

    [Fact]
    public void Train_WithAnAverage_IsKnownByTheScoreOfTheAverage()
    {
        CommandResult result = CommandResult.Of(TinyRuns.Train(runs.Data, folder.Path, "exp", "--epochs", "3", "--ema", "0.5"));
        Assert.True(result.Code == 0, result.Error);
        CommandResult measured = CommandResult.Of(
            "val", "--data", runs.Data, "--weights", folder["exp", "weights", "best.safetensors"], "--threads", "1", "--json", "--quiet");
        double score = JsonDocument.Parse(measured.Output).RootElement.GetProperty("mIoU").GetDouble();
        double best = File.ReadLines(folder["exp", "results.csv"]).Skip(1)
            .Max(line => double.Parse(line.Split(',')[3], System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(best, score, 0.005);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("-0.5")]
    public void Train_DecayOutOfRange_IsAUsageError(string decay)
    {
        CommandResult result = CommandResult.Of(TinyRuns.Train(runs.Data, folder.Path, "exp", "--ema", decay));
        Assert.Equal(1, result.Code);
        Assert.Contains(decay, Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }
}
