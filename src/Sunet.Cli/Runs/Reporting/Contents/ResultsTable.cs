using System.Globalization;
using Sunet.Native;
using Sunet.Native.Files;

namespace Sunet.Cli.Runs.Reporting.Contents;

/// <summary>The numbers of a run's epochs, as <c>results.csv</c> has them.</summary>
/// <param name="Epochs">The epochs, ascending.</param>
/// <param name="Columns">The numbers by column, one for each epoch; NaN where an epoch has none.</param>
internal sealed record ResultsTable(IReadOnlyList<int> Epochs, IReadOnlyDictionary<string, IReadOnlyList<double>> Columns)
{
    /// <summary>The name of the file.</summary>
    public const string FileName = "results.csv";

    /// <summary>The columns of the loss, the learning rate and the seconds of training.</summary>
    public const string Loss = "train/loss", LearningRate = "lr/pg0", Time = "time";

    /// <summary>What the columns of scores begin with.</summary>
    public const string ScorePrefix = "metrics/";

    /// <summary>The column of the score of a segmenter that decides which epoch is the best, in percent.</summary>
    public const string MeanIoU = ScorePrefix + "mIoU";

    /// <summary>The column of the score of a classifier that decides which epoch is the best, in percent.</summary>
    public const string Top1Error = ScorePrefix + "top1_error";

    private const long LargestFile = 256L << 20;

    /// <summary>Whether the run trained a segmenter.</summary>
    public bool IsSegmenter => Columns.ContainsKey(MeanIoU);

    /// <summary>The columns of scores, in their order.</summary>
    public IReadOnlyList<string> Scores => [.. Columns.Keys.Where(name => name.StartsWith(ScorePrefix, StringComparison.Ordinal))];

    /// <summary>The index of the epoch with the best score, the first of equals; -1 where no epoch was validated.</summary>
    public int Best
    {
        get
        {
            IReadOnlyList<double> scores = Column(IsSegmenter ? MeanIoU : Top1Error);
            int best = -1;
            for (int i = 0; i < scores.Count; i++)
            {
                if (!double.IsNaN(scores[i]) && (best < 0 || (IsSegmenter ? scores[i] > scores[best] : scores[i] < scores[best])))
                    best = i;
            }

            return best;
        }
    }

    /// <summary>The name of a column's score for people.</summary>
    /// <param name="column">One of <see cref="Scores"/>.</param>
    public static string NameOf(string column) => column[ScorePrefix.Length..].Replace('_', ' ');

    /// <summary>The numbers of a column, one for each epoch; NaN for all where there is no such column.</summary>
    /// <param name="name">The column.</param>
    public IReadOnlyList<double> Column(string name) =>
        Columns.TryGetValue(name, out IReadOnlyList<double>? numbers) ? numbers : [.. Epochs.Select(_ => double.NaN)];

    /// <summary>Reads the table of a run folder.</summary>
    /// <param name="folder">The run folder.</param>
    /// <exception cref="DataException">The table is missing or damaged.</exception>
    public static ResultsTable Read(string folder)
    {
        string path = Path.Combine(folder, FileName);
        try
        {
            using var reader = new StreamReader(RegularFile.OpenRead(path));
            if (reader.BaseStream.Length > LargestFile)
                throw new FormatException("it is over 256 MiB");
            return Parse(reader.ReadToEnd());
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new DataException(
                $"The run '{folder}' has no {FileName}, which a training writes at the end of its first epoch.", path, failure);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"'{path}' cannot be read: {failure.Message}", path, failure);
        }
        catch (Exception failure) when (failure is FormatException or OverflowException)
        {
            throw new DataException($"'{path}' is no table of results: {failure.Message.TrimEnd('.')}.", path, failure);
        }
    }

    private static ResultsTable Parse(string text)
    {
        string[] lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        string[] names = lines.Length == 0 ? [] : lines[0].Split(',');
        if (names is not ["epoch", ..] || names.Distinct().Count() != names.Length)
            throw new FormatException("its first line does not name columns, beginning with 'epoch'");
        string[][] rows = [.. lines.Skip(1).Select(line => line.Split(','))];
        if (rows.FirstOrDefault(row => row.Length != names.Length) is { } odd)
            throw new FormatException($"the line '{string.Join(',', odd)}' has {odd.Length} values and not {names.Length}");
        int[] epochs = [.. rows.Select(row => int.Parse(row[0], CultureInfo.InvariantCulture))];
        var columns = new OrderedDictionary<string, IReadOnlyList<double>>();
        for (int c = 1; c < names.Length; c++)
            columns.Add(names[c], [.. rows.Select(row => Number(row[c]))]);
        return new ResultsTable(epochs, columns);
    }

    private static double Number(string text) => text.Length == 0 ? double.NaN : double.Parse(text, CultureInfo.InvariantCulture);
}
