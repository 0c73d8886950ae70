using Sunet.Cli.Runs.Reporting.Contents;

namespace Sunet.Cli.Runs.Reporting.Pages;

/// <summary>The charts of runs' epochs.</summary>
internal static class RunCharts
{
    private const string Percent = "%";

    /// <summary>The charts of one run: its loss, all of its scores together, and its learning rate.</summary>
    /// <param name="run">The run.</param>
    public static IReadOnlyList<CurveChart> Of(RunRecord run)
    {
        (int, int) epochs = EpochsOf([run]);
        return
        [
            new("chart-loss", "Training loss", "", epochs, [Curve("loss", run, ResultsTable.Loss)]),
            new("chart-scores", "Validation", Percent, epochs,
                [.. run.Results.Scores.Select(score => Curve(ResultsTable.NameOf(score), run, score))]),
            new("chart-rate", "Learning rate", "", epochs, [Curve("learning rate", run, ResultsTable.LearningRate)]),
        ];
    }

    /// <summary>The charts of several runs: each of one number, with a curve a run.</summary>
    /// <param name="runs">The runs with the names they are shown under.</param>
    public static IReadOnlyList<CurveChart> Of(IReadOnlyList<(string Name, RunRecord Run)> runs)
    {
        string[] scores = [.. runs.SelectMany(run => run.Run.Results.Scores).Distinct()];
        (int, int) epochs = EpochsOf(runs.Select(run => run.Run));
        return
        [
            new("chart-loss", "Training loss", "", epochs, Curves(ResultsTable.Loss)),
            .. scores.Select((score, i) => new CurveChart(
                FormattableString.Invariant($"chart-score-{i}"),
                "Validation " + ResultsTable.NameOf(score), Percent, epochs, Curves(score))),
            new("chart-rate", "Learning rate", "", epochs, Curves(ResultsTable.LearningRate)),
        ];

        CurveSeries[] Curves(string column) => [.. runs.Select(run => Curve(run.Name, run.Run, column))];
    }

    /// <summary>The charts of a page below each other, or side by side where there is room.</summary>
    /// <param name="html">Receives them.</param>
    /// <param name="charts">The charts.</param>
    public static void Write(HtmlWriter html, IReadOnlyList<CurveChart> charts)
    {
        using (html.In("section", ("id", "curves")))
        {
            html.Element("h2", "Curves");
            html.Element("p", "Point at a curve, or move the slider below it, to read the numbers of an epoch.", ("class", "note"));
            using (html.In("div", ("class", "charts")))
            {
                foreach (CurveChart chart in charts)
                    chart.Write(html);
            }
        }
    }

    private static (int First, int Last) EpochsOf(IEnumerable<RunRecord> runs)
    {
        int[] epochs = [.. runs.SelectMany(run => run.Results.Epochs).DefaultIfEmpty(1)];
        return (epochs.Min(), epochs.Max());
    }

    private static CurveSeries Curve(string name, RunRecord run, string column)
    {
        ResultsTable results = run.Results;
        return new CurveSeries(
            name,
            [.. results.Epochs.Zip(results.Column(column)).Where(point => double.IsFinite(point.Second))],
            results.Best < 0 ? null : results.Epochs[results.Best]);
    }
}
