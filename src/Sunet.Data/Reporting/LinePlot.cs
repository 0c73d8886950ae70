using System.Globalization;
using SkiaSharp;

namespace Sunet.Data.Reporting;

/// <summary>Draws one curve with its axes.</summary>
internal static class LinePlot
{
    private const string NoValues = "not measured yet";
    private const int MostDots = 60;
    private static readonly SKColor Grid = new(225, 225, 225);
    private static readonly SKColor Ink = new(60, 60, 60);

    /// <summary>Draws into an area; labels are written to its left and below it.</summary>
    public static void Draw(SKCanvas canvas, SKRect area, IReadOnlyList<(double X, double Y)> values, string xTitle, SKColor colour)
    {
        // The horizontal axis covers the points without a value too, so that plots side by side share it.
        var horizontal = WholeNumbers(values.Select(value => value.X));
        var vertical = Axis(values.Select(value => value.Y));
        float X(double x) => area.Left + (float)((x - horizontal.Low) / (horizontal.High - horizontal.Low) * area.Width);
        float Y(double y) => area.Bottom - (float)((y - vertical.Low) / (vertical.High - vertical.Low) * area.Height);

        bool isEmpty = !values.Any(value => double.IsFinite(value.Y));
        if (isEmpty)
            BitmapFont.Draw(canvas, NoValues, area.MidX - (BitmapFont.Width(NoValues, 1) / 2f), area.MidY, 1, Ink);
        using var grid = new SKPaint { Color = Grid, StrokeWidth = 1 };
        foreach (double tick in isEmpty ? [] : Ticks(vertical))
        {
            canvas.DrawLine(area.Left, Y(tick), area.Right, Y(tick), grid);
            string text = Label(tick);
            BitmapFont.Draw(canvas, text, area.Left - 6 - BitmapFont.Width(text, 1), Y(tick) - 3, 1, Ink);
        }

        foreach (double tick in Ticks(horizontal))
        {
            canvas.DrawLine(X(tick), area.Top, X(tick), area.Bottom, grid);
            string text = Label(tick);
            BitmapFont.Draw(canvas, text, X(tick) - (BitmapFont.Width(text, 1) / 2f), area.Bottom + 8, 1, Ink);
        }

        BitmapFont.Draw(canvas, xTitle, area.MidX - (BitmapFont.Width(xTitle, 1) / 2f), area.Bottom + 24, 1, Ink);
        using var frame = new SKPaint { Color = Ink, Style = SKPaintStyle.Stroke, StrokeWidth = 1 };
        canvas.DrawRect(area, frame);
        Curve(canvas, [.. values.Where(value => double.IsFinite(value.X) && double.IsFinite(value.Y)).Select(v => (X(v.X), Y(v.Y)))], colour);
    }

    private static (double Low, double High, double Step) Axis(IEnumerable<double> values)
    {
        const int Steps = 5;
        double[] finite = [.. values.Where(double.IsFinite).DefaultIfEmpty(0)];
        return AxisTicks.Cover(finite.Min(), finite.Max(), Steps);
    }

    /// <summary>From the first to the last number, with whole ones to label; a lone one stands in the middle.</summary>
    private static (double Low, double High, double Step) WholeNumbers(IEnumerable<double> values)
    {
        double[] finite = [.. values.Where(double.IsFinite).DefaultIfEmpty(0)];
        (double low, double high) = (finite.Min(), finite.Max());
        return high > low ? (low, high, Math.Max(1, Axis(finite).Step)) : (low - 1, high + 1, 1);
    }

    private static void Curve(SKCanvas canvas, IReadOnlyList<(float X, float Y)> points, SKColor colour)
    {
        using var line = new SKPaint { Color = colour, StrokeWidth = 2, IsAntialias = true };
        using var dot = new SKPaint { Color = colour, IsAntialias = true };
        (float X, float Y)? previous = null;
        foreach (var point in points)
        {
            if (points.Count <= MostDots)
                canvas.DrawCircle(point.X, point.Y, 2, dot);
            if (previous is { } from)
                canvas.DrawLine(from.X, from.Y, point.X, point.Y, line);
            previous = point;
        }
    }

    private static IEnumerable<double> Ticks((double Low, double High, double Step) axis)
    {
        const double Rounding = 1e-9;
        double last = Math.Floor((axis.High / axis.Step) + Rounding);
        for (double tick = Math.Ceiling((axis.Low / axis.Step) - Rounding); tick <= last; tick++)
            yield return tick * axis.Step;
    }

    private static string Label(double value)
    {
        if (value == 0)
            return "0";
        bool plain = Math.Abs(value) is >= 1e-3 and < 1e5;
        return value.ToString(plain ? "0.####" : "0.##E0", CultureInfo.InvariantCulture);
    }
}
