using Sunet.Cli.Runs.Reporting.Contents;

namespace Sunet.Cli.Runs.Training;

/// <summary>A figure of a validation, in percent.</summary>
/// <param name="Name">Such as <c>mIoU</c>.</param>
/// <param name="HigherIsBetter">Whether a higher one is the better one.</param>
internal sealed record Metric(string Name, bool HigherIsBetter)
{
    /// <summary>The column of <c>results.csv</c>.</summary>
    public string Column => ResultsTable.ScorePrefix + Name;

    /// <summary>Whether a score beats another; any beats NaN, which stands for none.</summary>
    public bool IsBetter(double score, double than) =>
        double.IsNaN(than) ? !double.IsNaN(score) : HigherIsBetter ? score > than : score < than;
}
