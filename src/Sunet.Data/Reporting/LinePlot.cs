using System.Globalization;
using SkiaSharp;

namespace Sunet.Data.Reporting;

/// <summary>Draws one curve with its axes.</summary>
internal static class LinePlot
{
    private static readonly SKColor Grid = new(225, 225, 225);
    private static readonly SKColor Ink = new(60, 60, 60);

    /// <summary>Draws into an area; labels are written to its left and below it.</summary>
    public static void Draw(SKCanvas canvas, SKRect area, IReadOnlyList<(double X, double Y)> values, string xTitle, SKColor colour)
    {
        var finite = values.Where(value => double.IsFinite(value.X) && double.IsFinite(value.Y)).ToList();
        var horizontal = AxisTicks.Cover(finite.Select(v => v.X).DefaultIfEmpty(0).Min(), finite.Select(v => v.X).DefaultIfEmpty(1).Max(), 5);
        var vertical = AxisTicks.Cover(finite.Select(v => v.Y).DefaultIfEmpty(0).Min(), finite.Select(v => v.Y).DefaultIfEmpty(1).Max(), 5);
        float X(double x) => area.Left + (float)((x - horizontal.Low) / (horizontal.High - horizontal.Low) * area.Width);
        float Y(double y) => area.Bottom - (float)((y - vertical.Low) / (vertical.High - vertical.Low) * area.Height);

        using var grid = new SKPaint { Color = Grid, StrokeWidth = 1 };
        foreach (double tick in Ticks(vertical))
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
        Curve(canvas, values, X, Y, colour);
    }

    private static void Curve(
        SKCanvas canvas, IReadOnlyList<(double X, double Y)> values, Func<double, float> x, Func<double, float> y, SKColor colour)
    {
        using var line = new SKPaint { Color = colour, StrokeWidth = 2, IsAntialias = true };
        using var dot = new SKPaint { Color = colour, IsAntialias = true };
        for (int i = 0; i < values.Count; i++)
        {
            if (!double.IsFinite(values[i].Y))
                continue;
            canvas.DrawCircle(x(values[i].X), y(values[i].Y), 2, dot);
            if (i > 0 && double.IsFinite(values[i - 1].Y))
                canvas.DrawLine(x(values[i - 1].X), y(values[i - 1].Y), x(values[i].X), y(values[i].Y), line);
        }
    }

    private static IEnumerable<double> Ticks((double Low, double High, double Step) axis)
    {
        int count = (int)Math.Round((axis.High - axis.Low) / axis.Step);
        for (int i = 0; i <= count; i++)
            yield return Math.Round(axis.Low / axis.Step + i) * axis.Step;
    }

    private static string Label(double value)
    {
        bool plain = value == 0 || Math.Abs(value) is >= 1e-3 and < 1e5;
        return value.ToString(plain ? "0.####" : "0.##E0", CultureInfo.InvariantCulture);
    }
}
