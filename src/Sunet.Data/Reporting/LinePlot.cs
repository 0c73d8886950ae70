using System.Globalization;
using SkiaSharp;

namespace Sunet.Data.Reporting;

/// <summary>Draws one curve with its axes.</summary>
internal static class LinePlot
{
    private const string NoValues = "not measured yet";
    private const int MostDots = 60;
    private const float TextSize = 13, TitleSize = 15;
    private static readonly SKColor Grid = new(225, 225, 225);
    private static readonly SKColor Ink = new(60, 60, 60);
    private static readonly SKColor Mark = new(120, 120, 120);

    /// <summary>Draws into an area; labels are written to its left and below it, the name of the vertical axis above it.</summary>
    /// <param name="canvas">Where.</param>
    /// <param name="area">Of the curve.</param>
    /// <param name="values">In the order of X; a Y that is not finite is left out.</param>
    /// <param name="titles">The names of both axes.</param>
    /// <param name="colour">Of the curve.</param>
    /// <param name="marked">The X that a vertical line stands at, with the value there; null for none.</param>
    public static void Draw(SKCanvas canvas, SKRect area, IReadOnlyList<(double X, double Y)> values, (string X, string Y) titles,
        SKColor colour, double? marked)
    {
        // The horizontal axis covers the points without a value too, so that plots side by side share it.
        var horizontal = WholeNumbers(values.Select(value => value.X));
        var vertical = Axis(values.Select(value => value.Y));
        float X(double x) => area.Left + (float)((x - horizontal.Low) / (horizontal.High - horizontal.Low) * area.Width);
        float Y(double y) => area.Bottom - (float)((y - vertical.Low) / (vertical.High - vertical.Low) * area.Height);

        bool isEmpty = !values.Any(value => double.IsFinite(value.Y));
        using var grid = new SKPaint { Color = Grid, StrokeWidth = 1 };
        foreach (double tick in isEmpty ? [] : Ticks(vertical))
        {
            canvas.DrawLine(area.Left, Y(tick), area.Right, Y(tick), grid);
            Lettering.Draw(canvas, Label(tick), area.Left - 7, Y(tick), TextSize, Ink, TextAnchor.End);
        }

        foreach (double tick in Ticks(horizontal))
        {
            canvas.DrawLine(X(tick), area.Top, X(tick), area.Bottom, grid);
            Lettering.Draw(canvas, Label(tick), X(tick), area.Bottom + 13, TextSize, Ink, TextAnchor.Middle);
        }

        Lettering.Draw(canvas, titles.X, area.MidX, area.Bottom + 34, TitleSize, SKColors.Black, TextAnchor.Middle);
        string title = Lettering.Fit(titles.Y, TitleSize, area.Width);
        Lettering.Draw(canvas, title, area.Left, area.Top - 15, TitleSize, SKColors.Black);
        using var frame = new SKPaint { Color = Ink, Style = SKPaintStyle.Stroke, StrokeWidth = 1 };
        canvas.DrawRect(area, frame);
        if (isEmpty)
            Lettering.Draw(canvas, NoValues, area.MidX, area.MidY, TextSize, Ink, TextAnchor.Middle);
        if (marked is { } at && values.Any(value => value.X == at))
            MarkLine(canvas, area, X(at));
        Curve(canvas, [.. values.Where(v => double.IsFinite(v.X) && double.IsFinite(v.Y)).Select(v => (X(v.X), Y(v.Y)))], colour);
        foreach ((double x, double y) in values.Where(value => value.X == marked && double.IsFinite(value.Y)))
            MarkValue(canvas, area, X(x), Y(y), Rounded(y), colour);
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

    private static void MarkLine(SKCanvas canvas, SKRect area, float x)
    {
        using SKPathEffect dashes = SKPathEffect.CreateDash([5, 4], 0);
        using var line = new SKPaint { Color = Mark, StrokeWidth = 1.5f, IsAntialias = true, PathEffect = dashes };
        canvas.DrawLine(x, area.Top, x, area.Bottom, line);
    }

    /// <summary>A ring around the point, and its value on light ground above it, or below where there is no room.</summary>
    private static void MarkValue(SKCanvas canvas, SKRect area, float x, float y, string value, SKColor colour)
    {
        const float Radius = 5, Away = 18, Margin = 3, HalfHeight = TextSize / 2;
        using var ground = new SKPaint { Color = SKColors.White, IsAntialias = true };
        using var ring = new SKPaint { Color = colour, Style = SKPaintStyle.Stroke, StrokeWidth = 2.5f, IsAntialias = true };
        canvas.DrawCircle(x, y, Radius, ground);
        canvas.DrawCircle(x, y, Radius, ring);
        float room = (Lettering.Width(value, TextSize) / 2) + (2 * Margin);
        float centre = Math.Clamp(x, area.Left + room, area.Right - room);
        float middle = y - Away - HalfHeight > area.Top ? y - Away : y + Away;
        ground.Color = SKColors.White.WithAlpha(215);
        canvas.DrawRect(centre - room + Margin, middle - HalfHeight - 1, 2 * (room - Margin), (2 * HalfHeight) + 2, ground);
        Lettering.Draw(canvas, value, centre, middle, TextSize, SKColors.Black, TextAnchor.Middle);
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

    /// <summary>A number with four digits that count.</summary>
    private static string Rounded(double value) => value.ToString("G4", CultureInfo.InvariantCulture);
}
