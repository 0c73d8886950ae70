using System.Globalization;
using SkiaSharp;
using Sunet.Data.Images;

namespace Sunet.Data.Reporting;

/// <summary>Draws <c>results.png</c>: training loss, validation scores and learning rate over the epochs, with the best epoch.</summary>
internal static class ResultsChart
{
    internal const int PanelWidth = 440, PanelHeight = 310, Header = 44;

    /// <summary>Where the plot lies within its panel.</summary>
    internal const int PlotLeft = 80, PlotTop = 36, PlotWidth = PanelWidth - PlotLeft - 24, PlotHeight = PanelHeight - PlotTop - 62;

    private const int TextSize = 17;
    private static readonly SKColor Loss = new(31, 119, 180), Rate = new(214, 39, 40);

    private static readonly SKColor[] Scores =
        [new(44, 160, 44), new(148, 103, 189), new(255, 127, 14), new(23, 190, 207), new(140, 86, 75)];

    /// <summary>Writes or replaces the chart.</summary>
    /// <param name="path">A PNG file; its folder exists.</param>
    /// <param name="points">By epoch. Values that are not finite are left out.</param>
    /// <param name="scoreTitles">What the scores of every point are, with their unit.</param>
    /// <param name="bestEpoch">The epoch that is marked; 0 where there is none yet.</param>
    /// <exception cref="DataException">The file cannot be written.</exception>
    public static void Write(string path, IReadOnlyList<ResultsPoint> points, IReadOnlyList<string> scoreTitles, int bestEpoch)
    {
        ArgumentNullException.ThrowIfNull(points);
        ArgumentNullException.ThrowIfNull(scoreTitles);
        List<(string Title, SKColor Colour, Func<ResultsPoint, double> Value)> panels =
        [
            ("training loss", Loss, point => point.TrainLoss),
            .. scoreTitles.Select((title, i) =>
                (title, Scores[i % Scores.Length], (Func<ResultsPoint, double>)(point => point.Scores[i]))),
            ("learning rate", Rate, point => point.LearningRate),
        ];
        int columns = Columns(panels.Count), rows = (panels.Count + columns - 1) / columns;
        using SKBitmap bitmap = Bitmaps.Create(Header + (rows * PanelHeight), columns * PanelWidth);
        using (var canvas = new SKCanvas(bitmap))
        {
            canvas.Clear(SKColors.White);
            Lettering.Draw(canvas, Heading(points.Count, bestEpoch), PlotLeft, Header / 2f, TextSize, SKColors.Black);
            for (int i = 0; i < panels.Count; i++)
            {
                var area = SKRect.Create(
                    (i % columns * PanelWidth) + PlotLeft, Header + (i / columns * PanelHeight) + PlotTop, PlotWidth, PlotHeight);
                var values = points.Select(point => (X: point.Epoch, Y: panels[i].Value(point))).ToList();
                LinePlot.Draw(canvas, area, values, ("epoch", panels[i].Title), panels[i].Colour, bestEpoch > 0 ? bestEpoch : null);
            }
        }

        ImageWriter.WritePng(path, bitmap);
    }

    /// <summary>How many panels stand side by side: three, or two where that leaves no gap.</summary>
    internal static int Columns(int panels) => panels == 4 ? 2 : Math.Min(panels, 3);

    private static string Heading(int epochs, int bestEpoch) => bestEpoch > 0
        ? string.Create(CultureInfo.InvariantCulture, $"best epoch: {bestEpoch} of {epochs}")
        : string.Create(CultureInfo.InvariantCulture, $"epochs: {epochs}");
}
