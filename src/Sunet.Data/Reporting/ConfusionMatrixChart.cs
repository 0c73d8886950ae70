using System.Globalization;
using CommunityToolkit.HighPerformance;
using SkiaSharp;
using Sunet.Data.Images;

namespace Sunet.Data.Reporting;

/// <summary>Draws <c>confusion_matrix.png</c>: of each true class's pixels, how many percent were predicted as which class.</summary>
internal static class ConfusionMatrixChart
{
    private const int MostNumbered = 40;
    private const int LongestName = 24;
    private const int LeastSide = 104;
    private const int NameGap = 6;
    private static readonly SKColor Absent = new(232, 232, 232);

    /// <summary>Writes or replaces the chart.</summary>
    /// <param name="path">A PNG file; its folder exists.</param>
    /// <param name="counts">[true class, predicted class] pixel counts.</param>
    /// <param name="classNames">One name a class.</param>
    /// <exception cref="ArgumentException">The matrix is not square or does not fit the names.</exception>
    /// <exception cref="DataException">The file cannot be written.</exception>
    public static void Write(string path, ReadOnlySpan2D<long> counts, IReadOnlyList<string> classNames)
    {
        ArgumentNullException.ThrowIfNull(classNames);
        int classes = classNames.Count;
        if (classes == 0 || counts.Height != classes || counts.Width != classes)
            throw new ArgumentException($"The matrix is {counts.Height} x {counts.Width} for {classes} class names.", nameof(counts));
        string[] names = [.. classNames.Select(name => BitmapFont.Shorten(name, LongestName))];
        int side = Math.Max(LeastSide, names.Max(name => BitmapFont.Width(name, 1)) + (2 * NameGap));
        int cell = classes <= MostNumbered ? 36 : 9, size = side + (classes * cell) + 20;
        using SKBitmap bitmap = Bitmaps.Create(size, size);
        using (var canvas = new SKCanvas(bitmap))
        {
            canvas.Clear(SKColors.White);
            BitmapFont.Draw(canvas, "rows: true", 8, 8, 1, SKColors.Black);
            BitmapFont.Draw(canvas, "columns: pred", 8, 20, 1, SKColors.Black);
            BitmapFont.Draw(canvas, "% of row", 8, 32, 1, SKColors.Black);
            BitmapFont.Draw(canvas, "grey: no pixels", 8, 44, 1, SKColors.Black);
            for (int row = 0; row < classes; row++)
            {
                DrawRow(canvas, counts.GetRowSpan(row), side, row, cell);
                DrawNames(canvas, names[row], side, row, cell);
            }
        }

        ImageWriter.WritePng(path, bitmap);
    }

    private static void DrawRow(SKCanvas canvas, ReadOnlySpan<long> counts, int side, int row, int cell)
    {
        double total = 0;
        foreach (long count in counts)
            total += count;
        using var paint = new SKPaint { IsAntialias = false };
        for (int column = 0; column < counts.Length; column++)
        {
            double share = total > 0 ? counts[column] / total : 0;
            float x = side + (column * cell), y = side + (row * cell);
            paint.Color = total == 0
                ? Absent
                : new SKColor((byte)(247 - (215 * share)), (byte)(251 - (170 * share)), (byte)(255 - (90 * share)));
            canvas.DrawRect(x, y, cell - 1, cell - 1, paint);
            string text = (100 * share).ToString(share >= 0.9995 ? "0" : "0.0", CultureInfo.InvariantCulture);
            if (counts.Length > MostNumbered || text == "0.0")
                continue;
            SKColor ink = share > 0.5 ? SKColors.White : SKColors.Black;
            BitmapFont.Draw(canvas, text, x + ((cell - BitmapFont.Width(text, 1)) / 2f), y + ((cell - BitmapFont.Height(1)) / 2f), 1, ink);
        }
    }

    private static void DrawNames(SKCanvas canvas, string name, int side, int index, int cell)
    {
        float middle = side + (index * cell) + ((cell - BitmapFont.Height(1)) / 2f);
        BitmapFont.Draw(canvas, name, side - NameGap - BitmapFont.Width(name, 1), middle, 1, SKColors.Black);
        canvas.Save();
        canvas.Translate(middle, side - NameGap);
        canvas.RotateDegrees(-90);
        BitmapFont.Draw(canvas, name, 0, 0, 1, SKColors.Black);
        canvas.Restore();
    }
}
