using Sunet.Cli.Runs.Training;
using Sunet.Data.Images;

namespace Sunet.Cli.Tests.Runs.Training;

/// <summary>Weights of classes by rule or by number, and the other settings of the loss and its gradients.</summary>
public sealed class ClassWeightingTests(TinyRuns runs) : IClassFixture<TinyRuns>, IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void BalancedWeights_OfCounts_AreScikitLearns() => Assert.Equal(
        [100.0 / 3 / 50, 100.0 / 3 / 40, 0, 100.0 / 3 / 10], ClassWeighting.BalancedWeights(new([50, 40, 0, 10], [100, 80, 0, 20])));

    [Fact]
    public void MedianFrequencyWeights_OfCounts_AreThoseOfEigenAndFergus()
    {
        // Shares of 0.5, 0.25, 0.1 and 0.4 of the images that have the class, whose median is 0.325.
        double[] weights = ClassWeighting.MedianFrequencyWeights(new([50, 20, 0, 10, 40], [100, 80, 0, 100, 100]));
        Assert.Equal([0.65, 1.3, 0, 3.25, 0.8125], weights, (x, y) => Math.Abs(x - y) < 1e-12);
    }

    [Theory]
    [InlineData("balanced")]
    [InlineData("median-frequency")]
    public void Train_WeightsByRule_AreCountedOverAllLabelsAndSavedAsNumbers(string rule)
    {
        Assert.Equal(0, Train("ruled", "--class-weights", rule).Code);
        string saved = File.ReadLines(folder["ruled", "args.yaml"]).Single(
            line => line.StartsWith("class-weights:", StringComparison.Ordinal));
        string numbers = saved["class-weights:".Length..].Trim(' ', '"', '\'');
        Assert.Equal(Expected(rule), numbers.Split(',').Select(n => double.Parse(n, System.Globalization.CultureInfo.InvariantCulture)),
            (x, y) => Math.Abs(x - y) <= 1e-5 * x);

        // The numbers alone train to the same bits, which is what resuming relies on.
        Assert.Equal(0, Train("numbered", "--class-weights", numbers).Code);
        Assert.Equal(Hash("ruled"), Hash("numbered"));
        Assert.Equal(0, Train("plain").Code);
        Assert.NotEqual(Hash("ruled"), Hash("plain"));
    }

    [Theory]
    [InlineData("--label-smoothing", "0.1")]
    [InlineData("--dice", "0.5")]
    [InlineData("--clip-norm", "0.01")]
    public void Train_WithTheSetting_TrainsOtherwise(string setting, string value)
    {
        Assert.Equal(0, Train("exp", setting, value).Code);
        Assert.Equal(0, Train("plain").Code);
        Assert.NotEqual(Hash("exp"), Hash("plain"));
    }

    [Theory]
    [InlineData("--class-weights", "1,2", "2 class weights")]
    [InlineData("--class-weights", "balancd", "balanced")]
    [InlineData("--class-weights", "0,0,0,0,0,0", "All class weights are 0")]
    [InlineData("--label-smoothing", "1", "label smoothing")]
    [InlineData("--dice", "-1", "dice")]
    [InlineData("--clip-norm", "-1", "clip-norm")]
    public void Train_SettingOutOfRange_IsAUsageError(string setting, string value, string why)
    {
        CommandResult result = Train("exp", setting, value);
        Assert.Equal(1, result.Code);
        Assert.Contains(why, Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }

    /// <summary>From the label maps themselves.</summary>
    private double[] Expected(string rule)
    {
        var names = File.ReadLines(Path.Combine(runs.Data, "ImageSets", "Segmentation", "train.txt")).Where(line => line.Length > 0);
        string folder = Path.Combine(runs.Data, "SegmentationClass");
        byte[][] maps = [.. names.Select(name => LabelFile.Load(Path.Combine(folder, name + ".png")).ToArray().Cast<byte>()
            .Where(label => label != LabelFile.IgnoreLabel).ToArray())];
        int classes = maps.Max(map => map.Max()) + 1;
        double[] own = [.. Enumerable.Range(0, classes).Select(c => (double)maps.Sum(map => map.Count(label => label == c)))];
        if (rule == "balanced")
            return [.. own.Select(count => own.Sum() / classes / count)];
        double[] shares = [.. own.Select((count, c) => count / maps.Where(map => map.Contains((byte)c)).Sum(map => map.Length))];
        double[] sorted = [.. shares.Order()];
        double median = (sorted[classes / 2] + sorted[(classes - 1) / 2]) / 2;
        return [.. shares.Select(share => median / share)];
    }

    private CommandResult Train(string name, params string[] extra) =>
        CommandResult.Of(TinyRuns.Train(runs.Data, folder.Path, name, [.. new[] { "--iters", "2" }, .. extra]));

    private string Hash(string name) => TinyRuns.Hash(folder[name, "weights", "last.safetensors"]);
}
