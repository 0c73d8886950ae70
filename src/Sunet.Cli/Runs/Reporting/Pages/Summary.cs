using System.Globalization;
using Sunet.Cli.Output;
using Sunet.Cli.Runs.Reporting.Contents;

namespace Sunet.Cli.Runs.Reporting.Pages;

/// <summary>The numbers that a run is known by.</summary>
internal static class Summary
{
    private const double Noticeable = 0.02;

    /// <summary>The scores of the best epoch in percent, by name; of the validation where there is one, else as the run has them.</summary>
    /// <param name="content">The run.</param>
    public static IReadOnlyList<(string Name, double Percent)> Scores(ReportContent content)
    {
        ResultsTable results = content.Run.Results;
        if (content.Segmenter is { } segmenter)
        {
            return
            [
                ("mIoU", 100 * segmenter.Measures.Matrix.MeanIntersectionOverUnion),
                ("mAcc", 100 * segmenter.Measures.Matrix.MeanAccuracy),
                ("aAcc", 100 * segmenter.Measures.Matrix.PixelAccuracy),
            ];
        }

        return results.Best < 0 ? [] : [.. results.Scores.Select(score =>
            (ResultsTable.NameOf(score), results.Column(score)[results.Best]))];
    }

    /// <summary>Writes the scores of a run in large letters, and what they are of.</summary>
    /// <param name="html">Receives them.</param>
    /// <param name="content">The run.</param>
    public static void Write(HtmlWriter html, ReportContent content)
    {
        ResultsTable results = content.Run.Results;
        using (html.In("dl", ("class", "scores")))
        {
            foreach ((string name, double percent) in Scores(content))
                Entry(name, Numbers.Percent(percent / 100) + " %");
            if (results.Best >= 0)
                Entry("best epoch", string.Create(CultureInfo.InvariantCulture, $"{results.Epochs[results.Best]} of {results.Epochs[^1]}"));
            if (results.Epochs.Count > 0 && double.IsFinite(results.Column(ResultsTable.Time)[^1]))
                Entry("training time", Duration(results.Column(ResultsTable.Time)[^1]));
        }

        if (content.Segmenter is { } segmenter)
        {
            string measured = $"Weights of the best epoch, {segmenter.Measures.Result.Subject}, validated on {segmenter.MeasuredOn}.";
            html.Element("p", measured + Difference(results, 100 * segmenter.Measures.Matrix.MeanIntersectionOverUnion));
        }

        void Entry(string name, string value)
        {
            using (html.In("div"))
            {
                html.Element("dt", name);
                html.Element("dd", value);
            }
        }
    }

    private static string Difference(ResultsTable results, double measured)
    {
        double trained = results.Best < 0 ? double.NaN : results.Column(ResultsTable.MeanIoU)[results.Best];
        return Math.Abs(trained - measured) > Noticeable
            ? $" The training found a mIoU of {Numbers.Fixed(trained, 2)} %: data, device or precision was another one."
            : "";
    }

    private static string Duration(double seconds) => TimeSpan.FromSeconds(seconds) switch
    {
        { TotalMinutes: < 1 } => Numbers.Fixed(seconds, 0) + " s",
        { TotalHours: < 1 } time => string.Create(CultureInfo.InvariantCulture, $"{time.Minutes} min {time.Seconds} s"),
        var time => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours} h {time.Minutes} min"),
    };
}
