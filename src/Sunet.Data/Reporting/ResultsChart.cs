using SkiaSharp;
using Sunet.Data.Images;

namespace Sunet.Data.Reporting;

/// <summary>Draws <c>results.png</c>: the curves of training loss, a validation score and learning rate over the epochs.</summary>
internal static class ResultsChart
{
    private const int PanelWidth = 420;
    private const int PanelHeight = 300;

    /// <summary>Writes or replaces the chart.</summary>
    /// <param name="path">A PNG file; its folder exists.</param>
    /// <param name="points">By epoch. Values that are not finite are left out.</param>
    /// <param name="score">The name of the score.</param>
    /// <exception cref="DataException">The file cannot be written.</exception>
    public static void Write(string path, IReadOnlyList<ResultsPoint> points, string score = "mIoU")
    {
        ArgumentNullException.ThrowIfNull(points);
        using SKBitmap bitmap = Bitmaps.Create(PanelHeight, 3 * PanelWidth);
        using (var canvas = new SKCanvas(bitmap))
        {
            canvas.Clear(SKColors.White);
            Panel(canvas, 0, "train/loss", points, point => point.TrainLoss, new SKColor(31, 119, 180));
            Panel(canvas, 1, $"metrics/{score} (%)", points, point => point.Score, new SKColor(44, 160, 44));
            Panel(canvas, 2, "lr/pg0", points, point => point.LearningRate, new SKColor(214, 39, 40));
        }

        ImageWriter.WritePng(path, bitmap);
    }

    private static void Panel(
        SKCanvas canvas, int index, string title, IReadOnlyList<ResultsPoint> points, Func<ResultsPoint, double> value, SKColor colour)
    {
        var values = points.Select(point => (X: point.Epoch, Y: value(point))).ToList();
        var area = SKRect.Create((index * PanelWidth) + 75, 40, PanelWidth - 95, PanelHeight - 90);
        BitmapFont.Draw(canvas, title, area.MidX - (BitmapFont.Width(title, 2) / 2f), 14, 2, SKColors.Black);
        LinePlot.Draw(canvas, area, values, "epoch", colour);
    }
}
