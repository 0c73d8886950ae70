namespace Sunet.Cli.Tests.Runs.Training;

/// <summary>A run ends once it has waited for a better score long enough, and its pictures are those of its best weights.</summary>
public sealed class PatienceTests(TinyRuns runs) : IClassFixture<TinyRuns>, IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>Weights that stay as they are score the same in every epoch, so that the first one validated is the best.</summary>
    [Theory]
    [InlineData(1, 1, 2)]
    [InlineData(3, 1, 4)]
    [InlineData(3, 2, 6)]
    [InlineData(8, 1, 9)]
    [InlineData(0, 1, 9)]
    public void Train_ScoreThatStays_EndsAfterTheEpochsGiven(int patience, int every, int epochs)
    {
        CommandResult result = Train("exp", "--patience", $"{patience}", "--val-every", $"{every}", "--save-every", "9");
        Assert.True(result.Code == 0, result.Error);
        Assert.Equal(epochs, File.ReadAllLines(folder["exp", "results.csv"]).Length - 1);
        Assert.Equal(epochs < 9, result.Error.Contains($"ended: no better mIoU for {patience} epochs", StringComparison.Ordinal));
    }

    [Fact]
    public void Resume_OfARunOutOfPatience_StaysEnded()
    {
        Assert.Equal(0, Train("exp", "--patience", "2").Code);
        string last = folder["exp", "weights", "last.safetensors"], before = TinyRuns.Hash(last);
        CommandResult resumed = CommandResult.Of("train", "--resume", folder["exp"]);
        Assert.True(resumed.Code == 0, resumed.Error);
        Assert.Equal(4, File.ReadAllLines(folder["exp", "results.csv"]).Length);
        Assert.Equal(before, TinyRuns.Hash(last));
    }

    [Fact]
    public void Train_LaterEpochsAreNoBetter_KeepsThePicturesOfTheBest()
    {
        Assert.Equal(0, Train("three", epochs: 3).Code);
        DateTime chart = File.GetLastWriteTimeUtc(folder["three", "results.png"]);
        DateTime best = File.GetLastWriteTimeUtc(folder["three", "weights", "best.safetensors"]);
        foreach (string picture in new[] { "confusion_matrix.png", "val_pictures.jpg" })
            Assert.InRange(File.GetLastWriteTimeUtc(folder["three", picture]), best, chart.AddTicks(-1));
    }

    private CommandResult Train(string name, params string[] more) => Train(name, epochs: 9, more);

    private CommandResult Train(string name, int epochs, params string[] more)
    {
        string[] args = TinyRuns.Train(runs.Data, folder.Path, name, "--freeze-bn", "--epochs", $"{epochs}");
        args[Array.IndexOf(args, "--lr") + 1] = "1e-30";
        return CommandResult.Of([.. args, .. more]);
    }
}
