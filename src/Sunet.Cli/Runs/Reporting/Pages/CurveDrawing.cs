using System.Globalization;
using System.Text;
using Sunet.Data.Reporting;

namespace Sunet.Cli.Runs.Reporting.Pages;

/// <summary>Draws a chart of curves over epochs as SVG.</summary>
internal sealed class CurveDrawing
{
    private const int Width = 480, Height = 280, Left = 62, Right = 14, Top = 22, Bottom = 34, TickLength = 5;
    private const int AxisSteps = 5;

    private readonly CurveChart chart;
    private readonly IReadOnlyList<double> ticks;
    private readonly double least, most;
    private readonly int firstEpoch, lastEpoch;

    /// <summary>Chooses the axes of a chart.</summary>
    /// <param name="chart">The chart.</param>
    public CurveDrawing(CurveChart chart)
    {
        this.chart = chart;
        (int Epoch, double Value)[] points = [.. chart.Series.SelectMany(series => series.Points)];
        (firstEpoch, lastEpoch) = chart.Epochs;
        double low = points.Select(point => point.Value).DefaultIfEmpty(0).Min();
        double high = points.Select(point => point.Value).DefaultIfEmpty(1).Max();
        (least, most, double step) = AxisTicks.Cover(Math.Min(0, low), high, AxisSteps);
        ticks = Multiples(least, most, step);
    }

    /// <summary>Writes the drawing; what is beside the curves is read by the script from its attributes.</summary>
    /// <param name="html">Receives it.</param>
    public void Write(HtmlWriter html)
    {
        string description = string.Join("; ", chart.Series.Where(series => series.Points.Count > 0).Select(Describe));
        using (html.In("svg", ("class", "plot"), ("viewBox", Invariant($"0 0 {Width} {Height}")), ("role", "img"),
            ("aria-label", $"{chart.Title}: {description}"), ("data-left", Invariant($"{Left}")),
            ("data-right", Invariant($"{Width - Right}")), ("data-first", Invariant($"{firstEpoch}")),
            ("data-last", Invariant($"{lastEpoch}"))))
        {
            WriteAxes(html);
            for (int i = 0; i < chart.Series.Count; i++)
                WriteSeries(html, chart.Series[i], i);
            html.Empty("path", ("class", "cursor"), ("d", Invariant($"M0 {Top}V{Height - Bottom}")), ("visibility", "hidden"));
        }
    }

    private static string Describe(CurveSeries series)
    {
        (int first, double begin) = series.Points[0];
        (int last, double end) = series.Points[^1];
        return Invariant($"{series.Name} from {begin:G4} in epoch {first} to {end:G4} in epoch {last}")
            + (series.BestEpoch is { } best ? Invariant($", best in epoch {best}") : "");
    }

    private void WriteAxes(HtmlWriter html)
    {
        foreach (double tick in ticks)
        {
            double y = Y(tick);
            html.Empty("path", ("class", "grid"), ("d", Invariant($"M{Left} {y:F1}H{Width - Right}")));
            Label(html, Left - 8, y + 5, "end", tick.ToString("G4", CultureInfo.InvariantCulture));
        }

        foreach (double tick in EpochTicks())
        {
            double x = X(tick);
            html.Empty("path", ("class", "axis"), ("d", Invariant($"M{x:F1} {Height - Bottom}v{TickLength}")));
            Label(html, x, Height - Bottom + 21, "middle", tick.ToString("F0", CultureInfo.InvariantCulture));
        }

        html.Empty("path", ("class", "axis"), ("d", Invariant($"M{Left} {Y(0):F1}H{Width - Right}")));
    }

    private IReadOnlyList<double> EpochTicks()
    {
        if (lastEpoch == firstEpoch)
            return [firstEpoch];
        (double low, double high, double step) = AxisTicks.Cover(firstEpoch, lastEpoch, AxisSteps);
        return [.. Multiples(low, high, Math.Max(1, step)).Where(tick => tick >= firstEpoch && tick <= lastEpoch)];
    }

    private static IReadOnlyList<double> Multiples(double low, double high, double step) =>
        [.. Enumerable.Range(0, (int)Math.Round((high - low) / step) + 1).Select(i => low + (i * step))];

    private void WriteSeries(HtmlWriter html, CurveSeries series, int index)
    {
        if (series.Points.Count == 0)
            return;
        var path = new StringBuilder();
        foreach ((int epoch, double value) in series.Points)
            path.Append(CultureInfo.InvariantCulture, $"{(path.Length == 0 ? 'M' : 'L')}{X(epoch):F1} {Y(value):F1}");
        if (series.Points.Count == 1)
            path.Append("h0.1");
        html.Empty("path", ("class", CurveChart.StyleOf(index)), ("d", path.ToString()));
        if (series.BestEpoch is not { } best || series.Points.FirstOrDefault(point => point.Epoch == best) is not { Epoch: > 0 } marked)
            return;
        html.Empty("circle", ("class", "best " + CurveChart.StyleOf(index)), ("cx", Invariant($"{X(best):F1}")),
            ("cy", Invariant($"{Y(marked.Value):F1}")), ("r", "5"));
        if (index == 0 && chart.Series.All(other => other.BestEpoch == best))
        {
            html.Empty("path", ("class", "best-line"), ("d", Invariant($"M{X(best):F1} {Top}V{Height - Bottom}")));
            bool isRight = X(best) > Width / 2.0;
            Label(html, X(best) + (isRight ? -5 : 5), Top - 8, isRight ? "end" : "start", Invariant($"best: epoch {best}"));
        }
    }

    private static void Label(HtmlWriter html, double x, double y, string anchor, string text) =>
        html.Element("text", text, ("x", Invariant($"{x:F1}")), ("y", Invariant($"{y:F1}")), ("text-anchor", anchor));

    private double X(double epoch) => lastEpoch == firstEpoch
        ? (Left + Width - Right) / 2.0
        : Left + ((epoch - firstEpoch) / (lastEpoch - firstEpoch) * (Width - Left - Right));

    private double Y(double value) => Height - Bottom - ((value - least) / (most - least) * (Height - Top - Bottom));

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
