using System.Globalization;
using SkiaSharp;
using Sunet.Data.Images;

namespace Sunet.Data.Reporting;

/// <summary>One layer in a roofline chart.</summary>
/// <param name="Kind">The kind of op: points of one kind have one colour.</param>
/// <param name="FlopsPerByte">Its operations for every byte it reads or writes; a layer that has none is not drawn.</param>
/// <param name="GigaflopsPerSecond">What it reaches, 10^9 operations a second.</param>
/// <param name="Milliseconds">Its time, of which the point's area shows the share.</param>
internal readonly record struct RooflinePoint(string Kind, double FlopsPerByte, double GigaflopsPerSecond, double Milliseconds);

/// <summary>What a device reaches at best.</summary>
/// <param name="GigaflopsPerSecond">Its arithmetic, 10^9 operations a second.</param>
/// <param name="GigabytesPerSecond">Its memory, 10^9 bytes a second.</param>
internal readonly record struct RooflineLimits(double GigaflopsPerSecond, double GigabytesPerSecond);

/// <summary>
/// Draws layers against the limits of their device: operations a second over operations a byte, both logarithmic (Williams, Waterman,
/// Patterson, "Roofline", CACM 52(4), 2009). What lies under the sloping line waits for memory, what lies to its right for arithmetic.
/// </summary>
internal static class RooflineChart
{
    internal const int Height = 900, Width = 1640;
    internal const int Left = 120, Top = 90, PlotHeight = 710, PlotWidth = 1000;

    /// <summary>The radius of a layer that takes the whole step, in pixels; areas are proportional to time.</summary>
    internal const float FullRadius = 90;

    private const float LeastRadius = 2;
    private const int TextSize = 16, LineHeight = 26, LegendLeft = Left + PlotWidth + 30, Indent = 28;
    private const string Other = "other";
    private static readonly SKColor Ink = new(40, 40, 40), FaintInk = new(110, 110, 110);
    private static readonly SKColor Grid = new(228, 228, 228), Limit = new(200, 30, 30);

    private static readonly SKColor[] Colours =
    [
        new(31, 119, 180), new(255, 127, 14), new(44, 160, 44), new(148, 103, 189), new(140, 86, 75), new(227, 119, 194), new(23, 190, 207),
        new(188, 189, 34), new(127, 127, 127),
    ];

    /// <summary>Writes or replaces the chart.</summary>
    /// <param name="path">A PNG file; its folder exists.</param>
    /// <param name="limits">The device's.</param>
    /// <param name="layers">The layers of a step, with those that have no arithmetic.</param>
    /// <param name="title">Up to two lines: what was timed, and where.</param>
    /// <exception cref="ArgumentException">No layer has arithmetic, or the limits are not above 0.</exception>
    /// <exception cref="DataException">The file cannot be written.</exception>
    public static void Write(string path, RooflineLimits limits, IReadOnlyList<RooflinePoint> layers, IReadOnlyList<string> title)
    {
        ArgumentNullException.ThrowIfNull(layers);
        ArgumentNullException.ThrowIfNull(title);
        RooflinePoint[] drawn = [.. layers.Where(p => p is { FlopsPerByte: > 0, GigaflopsPerSecond: > 0 })];
        if (drawn.Length == 0 || !(limits is { GigaflopsPerSecond: > 0, GigabytesPerSecond: > 0 }))
            throw new ArgumentException("A roofline is of layers with arithmetic, and of limits above 0.", nameof(layers));
        double time = layers.Sum(p => p.Milliseconds);
        using SKBitmap bitmap = Bitmaps.Create(Height, Width);
        using (var canvas = new SKCanvas(bitmap))
        {
            canvas.Clear(SKColors.White);
            for (int i = 0; i < title.Count; i++)
            {
                string line = Lettering.Fit(title[i], TextSize, Width - Left);
                Text(canvas, line, Left, 27 + (i * LineHeight), i == 0 ? SKColors.Black : FaintInk);
            }

            Dictionary<string, SKColor> colours = ColoursOf(drawn);
            DrawPlot(canvas, limits, drawn, colours, time);
            DrawLegend(canvas, limits, layers, colours, time);
        }

        ImageWriter.WritePng(path, bitmap);
    }

    private static void DrawPlot(
        SKCanvas canvas, RooflineLimits limits, RooflinePoint[] points, Dictionary<string, SKColor> colours, double time)
    {
        double ridge = limits.GigaflopsPerSecond / limits.GigabytesPerSecond;
        LogAxis across = LogAxis.Cover([.. points.Select(p => p.FlopsPerByte), ridge]);
        LogAxis up = LogAxis.Cover([.. points.Select(p => p.GigaflopsPerSecond), limits.GigaflopsPerSecond]);
        float X(double value) => Left + (float)(across.Position(value) * PlotWidth);
        float Y(double value) => Top + PlotHeight - (float)(up.Position(value) * PlotHeight);

        DrawAxes(canvas, across, up, X, Y);
        var area = SKRect.Create(Left, Top, PlotWidth, PlotHeight);
        canvas.Save();
        canvas.ClipRect(area);
        using (var line = new SKPaint { Color = Limit, StrokeWidth = 3, IsAntialias = true })
        {
            canvas.DrawLine(X(across.Low), Y(across.Low * limits.GigabytesPerSecond), X(ridge), Y(limits.GigaflopsPerSecond), line);
            canvas.DrawLine(X(ridge), Y(limits.GigaflopsPerSecond), X(across.High), Y(limits.GigaflopsPerSecond), line);
        }

        // Small ones lie upon large ones.
        foreach (RooflinePoint p in points.OrderByDescending(p => p.Milliseconds))
            Dot(canvas, X(p.FlopsPerByte), Y(p.GigaflopsPerSecond), Radius(p.Milliseconds / time), ColourOf(colours, p.Kind));
        canvas.Restore();
        using var frame = new SKPaint { Color = Ink, Style = SKPaintStyle.Stroke, StrokeWidth = 2 };
        canvas.DrawRect(area, frame);
    }

    private static void DrawAxes(SKCanvas canvas, LogAxis across, LogAxis up, Func<double, float> x, Func<double, float> y)
    {
        using var grid = new SKPaint { Color = Grid, StrokeWidth = 1 };
        foreach ((double value, string? label) in across.Ticks())
        {
            canvas.DrawLine(x(value), Top, x(value), Top + PlotHeight, grid);
            if (label is not null)
                Text(canvas, label, x(value), Top + PlotHeight + 19, Ink, TextAnchor.Middle);
        }

        foreach ((double value, string? label) in up.Ticks())
        {
            canvas.DrawLine(Left, y(value), Left + PlotWidth, y(value), grid);
            if (label is not null)
                Text(canvas, label, Left - 12, y(value), Ink, TextAnchor.End);
        }

        const string Across = "FLOPs per byte read or written", Up = "GFLOP/s";
        Text(canvas, Across, Left + (PlotWidth / 2f), Top + PlotHeight + 51, Ink, TextAnchor.Middle);
        canvas.Save();
        canvas.RotateDegrees(-90, 27, Top + (PlotHeight / 2f));
        Text(canvas, Up, 27, Top + (PlotHeight / 2f), Ink, TextAnchor.Middle);
        canvas.Restore();
    }

    private static void DrawLegend(
        SKCanvas canvas, RooflineLimits limits, IReadOnlyList<RooflinePoint> layers, Dictionary<string, SKColor> colours, double time)
    {
        const int Swatch = 16;
        float y = Top;
        using (var line = new SKPaint { Color = Limit, StrokeWidth = 3, IsAntialias = true })
        {
            Row("limits, as measured", SKColors.Black, indent: 0);
            canvas.DrawLine(LegendLeft, y + 7, LegendLeft + Swatch, y + 7, line);
            Row(string.Create(CultureInfo.InvariantCulture, $"{limits.GigaflopsPerSecond:0.0} GFLOP/s"), Ink);
            canvas.DrawLine(LegendLeft, y + 14, LegendLeft + Swatch, y, line);
            Row(string.Create(CultureInfo.InvariantCulture, $"{limits.GigabytesPerSecond:0.0} GB/s"), Ink);
        }

        y += LineHeight;
        Row("layers, % of the time", SKColors.Black, indent: 0);
        foreach ((string kind, SKColor colour) in colours)
        {
            double share = layers.Where(p => p.FlopsPerByte > 0 && (p.Kind == kind || (kind == Other && !colours.ContainsKey(p.Kind))))
                .Sum(p => p.Milliseconds) / time;
            Dot(canvas, LegendLeft + (Swatch / 2f), y + 7, Swatch / 2f, colour);
            Row(Lettering.Fit(kind, TextSize, Width - LegendLeft - Indent), Ink);
            Text(canvas, Percent(share), LegendLeft + Indent, y + 3, FaintInk);
            y += LineHeight - 4;
        }

        double without = layers.Where(p => !(p.FlopsPerByte > 0)).Sum(p => p.Milliseconds) / time;
        Row("without arithmetic", FaintInk);
        Text(canvas, Percent(without) + ", not drawn", LegendLeft + Indent, y + 3, FaintInk);
        y += 2 * LineHeight;
        Row("a layer's area", SKColors.Black, indent: 0);
        foreach (double share in (double[])[0.01, 0.05])
        {
            float radius = Radius(share);
            y += Math.Max(0, radius - 7);
            Dot(canvas, LegendLeft + Radius(0.05), y + 7, radius, Colours[^1]);
            Row(Percent(share), Ink, indent: 52);
            y += Math.Max(0, radius - 10);
        }

        void Row(string text, SKColor colour, int indent = Indent)
        {
            Text(canvas, text, LegendLeft + indent, y + 7, colour);
            y += LineHeight;
        }
    }

    /// <summary>The kinds that take the most time have colours of their own.</summary>
    private static Dictionary<string, SKColor> ColoursOf(RooflinePoint[] points)
    {
        string[] kinds = [.. points.GroupBy(p => p.Kind).OrderByDescending(g => g.Sum(p => p.Milliseconds)).Select(g => g.Key)];
        if (kinds.Length > Colours.Length)
            kinds = [.. kinds[..(Colours.Length - 1)], Other];
        return kinds.Select((kind, i) => (kind, Colours[i])).ToDictionary(k => k.kind, k => k.Item2);
    }

    private static SKColor ColourOf(Dictionary<string, SKColor> colours, string kind) =>
        colours.TryGetValue(kind, out SKColor colour) ? colour : colours[Other];

    private static float Radius(double share) => Math.Max(LeastRadius, FullRadius * (float)Math.Sqrt(share));

    private static void Dot(SKCanvas canvas, float x, float y, float radius, SKColor colour)
    {
        using var fill = new SKPaint { Color = colour.WithAlpha(110), IsAntialias = true };
        using var rim = new SKPaint { Color = colour, Style = SKPaintStyle.Stroke, StrokeWidth = 1.5f, IsAntialias = true };
        canvas.DrawCircle(x, y, radius, fill);
        canvas.DrawCircle(x, y, radius, rim);
    }

    private static void Text(
        SKCanvas canvas, string text, float x, float y, SKColor colour, TextAnchor anchor = TextAnchor.Start) =>
        Lettering.Draw(canvas, text, x, y, TextSize, colour, anchor);

    private static string Percent(double share) => (100 * share).ToString("0.0", CultureInfo.InvariantCulture) + " %";
}
