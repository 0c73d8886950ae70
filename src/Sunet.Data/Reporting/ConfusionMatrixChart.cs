using System.Globalization;
using CommunityToolkit.HighPerformance;
using SkiaSharp;
using Sunet.Data.Images;

namespace Sunet.Data.Reporting;

/// <summary>
/// Draws <c>confusion_matrix.png</c>: of each true class's pixels, how many percent were predicted as which class, beside them the class's
/// IoU and its share of all pixels.
/// </summary>
internal static class ConfusionMatrixChart
{
    private const string Explanation = "a row: percent of the true class's pixels, by predicted class; grey: no pixels of the class";
    private const int Gap = ConfusionMatrixLayout.Gap, TitleSize = 20, ExplanationSize = 14;
    private static readonly SKColor Absent = new(232, 232, 232), Ink = SKColors.Black, FaintInk = new(90, 90, 90);

    /// <summary>Writes or replaces the chart.</summary>
    /// <param name="path">A PNG file; its folder exists.</param>
    /// <param name="counts">[true class, predicted class] pixel counts.</param>
    /// <param name="classNames">One name a class.</param>
    /// <param name="subject">What was measured, for the title.</param>
    /// <exception cref="ArgumentException">The matrix is not square or does not fit the names.</exception>
    /// <exception cref="DataException">The file cannot be written.</exception>
    public static void Write(string path, ReadOnlySpan2D<long> counts, IReadOnlyList<string> classNames, string subject)
    {
        ArgumentNullException.ThrowIfNull(classNames);
        int classes = classNames.Count;
        if (classes == 0 || counts.Height != classes || counts.Width != classes)
            throw new ArgumentException($"The matrix is {counts.Height} x {counts.Width} for {classes} class names.", nameof(counts));
        string title = "Confusion matrix of " + subject;
        float headingWidth = Math.Max(Lettering.Width(title, TitleSize), Lettering.Width(Explanation, ExplanationSize));
        var layout = new ConfusionMatrixLayout(classNames, headingWidth);
        using SKBitmap bitmap = Bitmaps.Create(layout.Height, layout.Width);
        using (var canvas = new SKCanvas(bitmap))
        {
            canvas.Clear(SKColors.White);
            Lettering.Draw(canvas, title, ConfusionMatrixLayout.Margin, 28, TitleSize, Ink);
            Lettering.Draw(canvas, Explanation, ConfusionMatrixLayout.Margin, 58, ExplanationSize, FaintInk);
            DrawAxes(canvas, layout);
            double[] truths = new double[classes], predictions = new double[classes];
            foreach (int row in Enumerable.Range(0, classes))
            {
                foreach (int column in Enumerable.Range(0, classes))
                {
                    truths[row] += counts[row, column];
                    predictions[column] += counts[row, column];
                }
            }

            double all = truths.Sum();
            for (int row = 0; row < classes; row++)
            {
                DrawRow(canvas, layout, counts.GetRowSpan(row), truths[row], row);
                double right = counts[row, row], union = truths[row] + predictions[row] - right;
                DrawStatistic(canvas, layout, row, 1, union > 0 ? right / union : double.NaN);
                DrawStatistic(canvas, layout, row, 2, all > 0 ? truths[row] / all : double.NaN);
            }
        }

        ImageWriter.WritePng(path, bitmap);
    }

    private static void DrawAxes(SKCanvas canvas, ConfusionMatrixLayout layout)
    {
        int size = layout.TextSize;
        float middleX = (layout.Left + layout.Right) / 2f, middleY = (layout.Top + layout.Bottom) / 2f;
        Lettering.Draw(canvas, "predicted class", middleX, layout.AxisTitleFrom(layout.Top), size + 2, Ink, TextAnchor.Middle);
        DrawUpwards(canvas, "true class", layout.AxisTitleFrom(layout.Left), middleY, size + 2, TextAnchor.Middle);
        for (int i = 0; i < layout.Names.Count; i++)
        {
            Lettering.Draw(canvas, layout.Names[i], layout.Left - Gap, layout.RowMiddle(i), size, Ink, TextAnchor.End);
            DrawUpwards(canvas, layout.Names[i], layout.ColumnMiddle(i), layout.Top - Gap, size, TextAnchor.Start);
        }

        float lowest = layout.Top - Gap - (size / 2f);
        foreach ((int column, string first) in new[] { (1, "IoU"), (2, "pixels") })
        {
            float x = layout.Right + (column * layout.StatisticsWidth);
            Lettering.Draw(canvas, first, x, lowest - (size * Lettering.LineHeight), size, Ink, TextAnchor.End);
            Lettering.Draw(canvas, "%", x, lowest, size, Ink, TextAnchor.End);
        }
    }

    private static void DrawRow(SKCanvas canvas, ConfusionMatrixLayout layout, ReadOnlySpan<long> counts, double total, int row)
    {
        using var paint = new SKPaint { IsAntialias = false };
        for (int column = 0; column < counts.Length; column++)
        {
            double share = total > 0 ? counts[column] / total : 0;
            paint.Color = total == 0
                ? Absent
                : new SKColor((byte)(247 - (215 * share)), (byte)(251 - (170 * share)), (byte)(255 - (90 * share)));
            SKRect cell = layout.CellAt(row, column);
            canvas.DrawRect(cell, paint);
            string text = Percent(share);
            if (layout.HasNumbers && text != "0.0")
            {
                SKColor ink = share > 0.5 ? SKColors.White : Ink;
                Lettering.Draw(canvas, text, cell.MidX, cell.MidY, layout.TextSize - 1, ink, TextAnchor.Middle);
            }
        }
    }

    private static void DrawStatistic(SKCanvas canvas, ConfusionMatrixLayout layout, int row, int column, double share)
    {
        string text = double.IsNaN(share) ? "–" : Percent(share);
        float x = layout.Right + (column * layout.StatisticsWidth);
        Lettering.Draw(canvas, text, x, layout.RowMiddle(row), layout.TextSize, Ink, TextAnchor.End);
    }

    private static void DrawUpwards(SKCanvas canvas, string text, float x, float y, int size, TextAnchor anchor)
    {
        canvas.Save();
        canvas.Translate(x, y);
        canvas.RotateDegrees(-90);
        Lettering.Draw(canvas, text, 0, 0, size, Ink, anchor);
        canvas.Restore();
    }

    private static string Percent(double share) => (100 * share).ToString(share >= 0.9995 ? "0" : "0.0", CultureInfo.InvariantCulture);
}
