using System.Globalization;
using System.Text;
using Sunet.Cli.Output;
using Sunet.Cli.Runs.Reporting.Contents;
using Sunet.Native;
using Sunet.Native.Checkpoints;
using Sunet.Native.Training;

namespace Sunet.Cli.Runs.Training;

/// <summary>One finished epoch.</summary>
/// <param name="Epoch">Counted from 1.</param>
/// <param name="Seconds">Of training until its end.</param>
/// <param name="Loss">The mean over its steps.</param>
/// <param name="Scores">In percent, one for each metric; NaN where the epoch was not validated.</param>
/// <param name="LearningRate">Of its last step.</param>
internal sealed record EpochRow(int Epoch, double Seconds, double Loss, IReadOnlyList<double> Scores, double LearningRate)
{
    private const int ScoresAt = 2;

    /// <summary>The first line of <c>results.csv</c>.</summary>
    public static string Header(IReadOnlyList<Metric> metrics) =>
        string.Join(',', ["epoch", ResultsTable.Time, ResultsTable.Loss, .. metrics.Select(m => m.Column), ResultsTable.LearningRate]);

    /// <summary>What curves are drawn of, under the names of the columns of <c>results.csv</c>.</summary>
    public IReadOnlyList<(string Tag, double Value)> Scalars(IReadOnlyList<Metric> metrics) =>
    [
        (ResultsTable.Loss, Loss),
        .. metrics.Zip(Scores, (metric, score) => (metric.Column, score)),
        (ResultsTable.LearningRate, LearningRate),
    ];

    /// <summary>Writes the row as a line of <c>results.csv</c>.</summary>
    public string ToCsv() => string.Join(',',
    [
        Epoch.ToString(CultureInfo.InvariantCulture), Numbers.Fixed(Seconds, 1), Numbers.Exact(Loss),
        .. Scores.Select(s => double.IsNaN(s) ? "" : Numbers.Exact(s)), Numbers.Exact(LearningRate),
    ]);

    /// <summary>From a line that <see cref="ToCsv"/> made.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static EpochRow Parse(string line, int metrics)
    {
        string[] cells = line.Split(',');
        double[] numbers = [.. cells.Skip(1).Select(c => c.Length == 0 ? double.NaN : double.Parse(c, CultureInfo.InvariantCulture))];
        if (numbers.Length != ScoresAt + metrics + 1)
            throw new FormatException($"'{line}' is no line of results with {metrics} metrics.");
        return new EpochRow(int.Parse(cells[0], CultureInfo.InvariantCulture), numbers[0], numbers[1],
            numbers[ScoresAt..(ScoresAt + metrics)], numbers[^1]);
    }
}

/// <summary>What a run knows beside its tensors; it is kept within the training state, so that both belong to the same step.</summary>
/// <param name="metrics">What a validation measures; the first decides which epoch is the best.</param>
internal sealed class TrainingProgress(IReadOnlyList<Metric> metrics)
{
    private const string Prefix = "run.";

    /// <summary>Epochs that are finished and, where it was due, validated.</summary>
    public int ClosedEpochs { get; private set; }

    /// <summary>The metrics.</summary>
    public IReadOnlyList<Metric> Metrics => metrics;

    /// <summary>The best score of the first metric, in percent; NaN before the first validation.</summary>
    public double BestScore { get; private set; } = double.NaN;

    /// <summary>The epoch it was reached in.</summary>
    public int BestEpoch { get; private set; }

    /// <summary>The sum of the losses of the epoch under way.</summary>
    public double LossSum { get; private set; }

    /// <summary>How many there are.</summary>
    public long LossCount { get; private set; }

    /// <summary>Seconds of training before this process.</summary>
    public double EarlierSeconds { get; private set; }

    /// <summary>The finished epochs.</summary>
    public List<EpochRow> Rows { get; } = [];

    /// <summary>The learning rate of the last step.</summary>
    public double LearningRate { get; private set; }

    /// <summary>Counts a step.</summary>
    public void Add(TrainingStep step)
    {
        LearningRate = step.LearningRate;
        LossSum += step.Loss;
        LossCount++;
    }

    /// <summary>Ends an epoch.</summary>
    /// <returns>Whether its score is the best so far.</returns>
    public bool Close(EpochRow row)
    {
        Rows.Add(row);
        ClosedEpochs = row.Epoch;
        (LossSum, LossCount) = (0, 0);
        if (!metrics[0].IsBetter(row.Scores[0], BestScore))
            return false;
        (BestScore, BestEpoch) = (row.Scores[0], row.Epoch);
        return true;
    }

    /// <summary>Names and scores, for people.</summary>
    public string Describe(IReadOnlyList<double> scores) =>
        string.Join("  ", metrics.Zip(scores, (metric, score) => $"{metric.Name} {Numbers.Fixed(score, 2)}"));

    /// <summary>Writes the progress as notes of a training state.</summary>
    /// <param name="seconds">Seconds of training so far.</param>
    /// <param name="data">What identifies the data.</param>
    public Dictionary<string, string> ToNotes(double seconds, string data) => new()
    {
        [Prefix + "epochs"] = ClosedEpochs.ToString(CultureInfo.InvariantCulture),
        [Prefix + "best_score"] = Numbers.Exact(BestScore),
        [Prefix + "best_epoch"] = BestEpoch.ToString(CultureInfo.InvariantCulture),
        [Prefix + "loss_sum"] = Numbers.Exact(LossSum),
        [Prefix + "loss_count"] = LossCount.ToString(CultureInfo.InvariantCulture),
        [Prefix + "lr"] = Numbers.Exact(LearningRate),
        [Prefix + "seconds"] = Numbers.Exact(seconds),
        [Prefix + "data"] = data,
        [Prefix + "results"] = ToCsv(),
    };

    /// <summary>From the notes of a training state.</summary>
    /// <exception cref="CheckpointException">
    /// A note is missing, no number, or not what a run could have come to; or the state was trained on other data.
    /// </exception>
    public static TrainingProgress FromNotes(
        IReadOnlyList<Metric> metrics, IReadOnlyDictionary<string, string> notes, string data, string folder)
    {
        string Note(string name) => notes.TryGetValue(Prefix + name, out string? text)
            ? text
            : throw new CheckpointException(
                $"The training state in '{folder}' lacks '{Prefix}{name}'; it was not written by 'sunet train'.", folder);
        if (Note("data") != data)
        {
            throw new CheckpointException(
                $"The run '{folder}' cannot be resumed exactly: its data set has other images than when it began.", folder);
        }

        try
        {
            var progress = new TrainingProgress(metrics)
            {
                ClosedEpochs = int.Parse(Note("epochs"), CultureInfo.InvariantCulture),
                BestScore = double.Parse(Note("best_score"), CultureInfo.InvariantCulture),
                BestEpoch = int.Parse(Note("best_epoch"), CultureInfo.InvariantCulture),
                LossSum = double.Parse(Note("loss_sum"), CultureInfo.InvariantCulture),
                LossCount = long.Parse(Note("loss_count"), CultureInfo.InvariantCulture),
                LearningRate = double.Parse(Note("lr"), CultureInfo.InvariantCulture),
                EarlierSeconds = double.Parse(Note("seconds"), CultureInfo.InvariantCulture),
            };
            progress.Rows.AddRange(Note("results").Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1)
                .Select(line => EpochRow.Parse(line, metrics.Count)));
            progress.RequireConsistent(long.Parse(notes[TrainingStateFile.StepKey], CultureInfo.InvariantCulture));
            return progress;
        }
        catch (Exception failure) when (failure is FormatException or OverflowException or IndexOutOfRangeException)
        {
            throw new CheckpointException(
                $"The training state in '{folder}' has damaged notes: {failure.Message.TrimEnd('.')}.", folder, failure);
        }
    }

    /// <summary>Refuses numbers that no run could have come to.</summary>
    /// <param name="step">The state's.</param>
    /// <exception cref="FormatException">There are some; the message says which.</exception>
    private void RequireConsistent(long step)
    {
        if (Rows.Count != ClosedEpochs || Rows.Where((row, i) => row.Epoch != i + 1).Any())
            throw new FormatException($"there are {ClosedEpochs} epochs, and the results have {Rows.Count} lines or other epochs");
        if (BestEpoch < 0 || BestEpoch > ClosedEpochs || double.IsInfinity(BestScore) || double.IsNaN(BestScore) != (BestEpoch == 0))
            throw new FormatException($"epoch {BestEpoch} of {ClosedEpochs} cannot be the best");
        if (LossCount < 0 || LossCount > step)
            throw new FormatException($"there are {LossCount} losses after {step} steps");
        IEnumerable<double> numbers =
            [LossSum, LearningRate, EarlierSeconds, .. Rows.SelectMany(r => new[] { r.Seconds, r.Loss, r.LearningRate })];
        if (!numbers.All(double.IsFinite) || EarlierSeconds < 0 || Rows.SelectMany(r => r.Scores).Any(double.IsInfinity))
            throw new FormatException("a time, loss, learning rate or score is not finite or negative");
    }

    /// <summary>All of <c>results.csv</c>.</summary>
    public string ToCsv()
    {
        var text = new StringBuilder(EpochRow.Header(metrics)).Append('\n');
        foreach (EpochRow row in Rows)
            text.Append(row.ToCsv()).Append('\n');
        return text.ToString();
    }
}
