using System.Globalization;
using CommunityToolkit.HighPerformance;
using Sunet.Data.Images;
using Sunet.Data.Reporting;
using Sunet.Native.Inference;
using Sunet.Native.Tensors;

namespace Sunet.Data.Tests.Reporting;

public sealed class ReportingTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void ResultsChart_Curves_AreDrawnInTheirPanelsWithTheBestEpoch()
    {
        ResultsPoint[] points = [.. Enumerable.Range(1, 30).Select(epoch => new ResultsPoint(
            epoch, 2.0 / epoch, epoch % 5 == 0 ? [80 - (60.0 / epoch), 90, 70] : [double.NaN, double.NaN, double.NaN],
            0.01 * Math.Pow(1 - (epoch / 31.0), 0.9)))];
        Rgb[,] chart = WriteResults("results.png", points, 25);
        Assert.Equal((ResultsChart.Header + (2 * ResultsChart.PanelHeight), 3 * ResultsChart.PanelWidth),
            (chart.GetLength(0), chart.GetLength(1)));
        Rgb[] colours = [new(31, 119, 180), new(44, 160, 44), new(148, 103, 189), new(255, 127, 14), new(214, 39, 40)];
        for (int curve = 0; curve < colours.Length; curve++)
        {
            for (int panel = 0; panel < 6; panel++)
            {
                int found = Count(Panel(chart, panel), p => p == colours[curve]);
                Assert.True(panel == curve ? found is > 150 and < 20_000 : found == 0, $"Curve {curve} in panel {panel}: {found}.");
            }
        }

        // The dashed line at epoch 25 of 1 to 30 is in every panel, and nowhere without a best epoch.
        Rgb[,] unmarked = WriteResults("unmarked.png", points, 0);
        int x = ResultsChart.PlotLeft + (int)(ResultsChart.PlotWidth * 24 / 29.0);
        for (int panel = 0; panel < 5; panel++)
        {
            int Dark(Rgb[,] picture) => Count(
                Panel(picture, panel).Slice(ResultsChart.PlotTop + 3, x - 1, ResultsChart.PlotHeight - 6, 3),
                p => p is { R: < 200, G: < 200 });
            Assert.True(Dark(chart) > Dark(unmarked) + 40, $"Panel {panel}: {Dark(chart)} and {Dark(unmarked)}.");
        }
    }

    [Theory]
    [InlineData(1, 3, 1)]
    [InlineData(2, 2, 2)]
    [InlineData(3, 3, 2)]
    public void ResultsChart_Scores_HaveAPanelEach(int scores, int columns, int rows)
    {
        string path = folder.At("scores.png");
        ResultsChart.Write(path, [new(1, 2, new double[scores], 0.1)], [.. Enumerable.Repeat("a score, %", scores)], 1);
        Rgb[,] chart = ImageFile.Load(path).ToArray();
        Assert.Equal((ResultsChart.Header + (rows * ResultsChart.PanelHeight), columns * ResultsChart.PanelWidth),
            (chart.GetLength(0), chart.GetLength(1)));
    }

    [Fact]
    public void ResultsChart_NothingOrNotFinite_IsDrawnEmpty()
    {
        double[] none = [double.NaN, double.PositiveInfinity, double.NaN];
        ResultsPoint[] points = [new(1, double.NaN, none, 0.1), new(2, double.NaN, none, 0.1)];
        Assert.Equal(0, Count(WriteResults("empty.png", [], 0), p => p == new Rgb(214, 39, 40)));
        Rgb[,] flat = WriteResults("flat.png", points, 2);
        Assert.NotEqual(0, Count(Panel(flat, 4), p => p == new Rgb(214, 39, 40)));
        Assert.Equal(0, Count(Panel(flat, 1), p => p == new Rgb(44, 160, 44)));
    }

    [Fact]
    public void ResultsChart_OneEpoch_StandsInTheMiddle()
    {
        Rgb[,] chart = WriteResults("one.png", [new ResultsPoint(1, 2, [50, 60, 70], 0.1)], 0);
        int middle = ResultsChart.PlotLeft + (ResultsChart.PlotWidth / 2), height = chart.GetLength(0);
        Assert.InRange(Count(chart.AsSpan2D(0, middle - 4, height, 9), p => p == new Rgb(31, 119, 180)), 4, 40);
        Assert.Equal(0, Count(chart.AsSpan2D(0, 0, height, middle - 4), p => p == new Rgb(31, 119, 180)));
    }

    [Fact]
    public void ConfusionMatrixChart_Diagonal_IsDarkerThanTheRest()
    {
        long[,] counts = { { 90, 10, 0 }, { 0, 100, 0 }, { 0, 0, 0 } };
        string[] names = ["background", "a very long class name", "never"];
        Rgb[,] chart = Write("confusion_matrix.png", path => ConfusionMatrixChart.Write(path, counts, names, "3 images"));
        var layout = new ConfusionMatrixLayout(names, 0);
        Rgb At(int row, int column) => chart[layout.Top + (row * layout.Cell) + 3, layout.Left + (column * layout.Cell) + 3];
        Assert.Equal(new Rgb(32, 81, 165), At(1, 1));
        Assert.Equal(new Rgb(247, 251, 255), At(1, 0));
        Rgb absent = At(2, 2);
        Assert.True(absent.R == absent.G && absent.G == absent.B && absent.R < 245, "A class without pixels looks like one of 0 %.");
        Assert.Throws<ArgumentException>(() => ConfusionMatrixChart.Write(folder.At("bad.png"), counts, ["a", "b"], ""));
    }

    [Fact]
    public void Charts_InACultureOfCommas_AreTheSame()
    {
        long[,] counts = { { 90, 11 }, { 17, 100 } };
        byte[] Drawn(string name)
        {
            string path = folder.At(name);
            ConfusionMatrixChart.Write(path, counts, ["one", "two"], "1 image");
            byte[] matrix = File.ReadAllBytes(path);
            ResultsChart.Write(path, [new(1, 2.5, [50.25], 0.125), new(2, 1.5, [60.25], 0.05)], ["a score"], 1);
            return [.. matrix, .. File.ReadAllBytes(path)];
        }

        byte[] expected = Drawn("invariant.png");
        CultureInfo before = CultureInfo.CurrentCulture;
        var commas = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        commas.NumberFormat.NumberDecimalSeparator = ",";
        CultureInfo.CurrentCulture = commas;
        try
        {
            Assert.Equal("0,5", $"{0.5}");
            Assert.Equal(expected, Drawn("commas.png"));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(21)]
    [InlineData(150)]
    public void ConfusionMatrixChart_RowLabels_AreAllThereAndDoNotTouch(int classes)
    {
        // Letters with accents above and descenders below take the most room there is.
        string[] names = [.. Enumerable.Range(0, classes).Select(c => $"ÅÉgjpqy {c}")];
        var counts = new long[classes, classes];
        for (int c = 0; c < classes; c++)
            counts[c, c] = 1 + c;
        Rgb[,] chart = Write("labels.png", path => ConfusionMatrixChart.Write(path, counts, names, "some images"));
        var layout = new ConfusionMatrixLayout(names, 0);
        int nameWidth = (int)names.Max(name => Lettering.Width(name, layout.TextSize));
        int left = layout.Left - ConfusionMatrixLayout.Gap - nameWidth;
        (int first, int width) = (left, layout.Left - left);
        bool HasInk(int row) => Count(chart.AsSpan2D(row, first, 1, width), p => p.R < 200) > 0;
        for (int c = 0; c < classes; c++)
        {
            Assert.True(HasInk((int)layout.RowMiddle(c)), $"Class {c} has no label.");
            Assert.False(HasInk(layout.Top + (c * layout.Cell)), $"The label of class {c} touches the one above it.");
        }
    }

    [Fact]
    public void Mosaic_Tiles_ShowTruthBesidePredictionWithoutWaste()
    {
        var image = new Rgb[60, 80];
        var truth = new byte[60, 80];
        var prediction = new byte[60, 80];
        for (int i = 0; i < truth.Length; i++)
            (truth[i / 80, i % 80], prediction[i / 80, i % 80]) = ((byte)(i % 80 < 40 ? 1 : 2), 2);
        var tiles = new MosaicTile[3];
        Array.Fill(tiles, new MosaicTile("tile", image, truth, prediction));
        string[] names = ["none", "first", "second"];
        ClassColours colours = ClassColours.ForVoc();
        Rgb[,] mosaic = Write("val_pictures.jpg", path => Mosaic.Write(path, tiles, names, colours));
        var layout = new MosaicLayout([(60, 80), (60, 80), (60, 80)]);
        Assert.Equal(layout.Width, mosaic.GetLength(1));
        Assert.InRange(Count(Below(mosaic, layout.Height), p => p is { R: > 100, G: < 30, B: < 30 }), 50, 2000);
        Assert.InRange(Count(Below(mosaic, layout.Height), p => p is { R: < 30, G: > 100, B: < 30 }), 50, 2000);
        for (int i = 0; i < tiles.Length; i++)
        {
            SkiaSharp.SKRectI left = layout.Truth(i), right = layout.Prediction(i);
            Assert.InRange(mosaic[left.MidY, left.Left + (left.Width / 4)].R, 60, 68);
            Assert.InRange(mosaic[left.MidY, left.Left + (left.Width * 3 / 4)].G, 60, 68);
            Assert.InRange(mosaic[right.MidY, right.Left + (right.Width / 4)].G, 60, 68);
            Assert.InRange(mosaic[left.MidY, left.MidX - 1].R, 110, 140);
        }

        Assert.Throws<ArgumentException>(() => Mosaic.Write(folder.At("bad.jpg"), [], [], colours));
        var bad = new MosaicTile("bad", image, new byte[60, 81], prediction);
        Assert.Throws<ArgumentException>(() => Mosaic.Write(folder.At("bad.jpg"), [bad], names, colours));
    }

    [Theory]
    [InlineData(16, 500, 375)]
    [InlineData(16, 2048, 1024)]
    [InlineData(7, 96, 128)]
    [InlineData(16, 100, 1000)]
    [InlineData(1, 640, 480)]
    public void MosaicLayout_Pictures_FillTheSheetAndDoNotOverlap(int count, int width, int height)
    {
        var layout = new MosaicLayout([.. Enumerable.Repeat((height, width), count)]);
        SkiaSharp.SKRectI[] places = [.. Enumerable.Range(0, count).SelectMany(i => new[] { layout.Truth(i), layout.Prediction(i) })];
        var sheet = new SkiaSharp.SKRectI(0, 0, layout.Width, layout.Height);
        Assert.All(places, place => Assert.True(sheet.Contains(place), $"{place} is not on {sheet}."));
        for (int i = 0; i < places.Length; i++)
            Assert.All(places[..i], other => Assert.False(places[i].IntersectsWith(other)));
        double shape = (double)height / width;
        Assert.All(places, place => Assert.InRange(place.Height / (double)place.Width, shape * 0.97, shape * 1.03));
        int narrower = 2 * (layout.PictureWidth - places[0].Width);
        Assert.True(narrower == 0 || shape > 1.5, "Pictures do not fill their fields.");
        Assert.Equal(layout.Width - MosaicLayout.Gap, places.Max(place => place.Right) + narrower);
        Assert.Equal(layout.Height - MosaicLayout.Gap, places.Max(place => place.Bottom));
    }

    [Fact]
    public void MosaicLayout_OneTallImage_DoesNotStretchItsRow()
    {
        var layout = new MosaicLayout([(300, 400), (300, 400), (800, 400), (300, 400)]);
        Assert.Equal([240, 240, 240, 240], Enumerable.Range(0, 4).Select(i => layout.Truth(i).Height));
        Assert.Equal([320, 320, 120, 320], Enumerable.Range(0, 4).Select(i => layout.Prediction(i).Width));
    }

    [Fact]
    public void LegendOverlay_ClassesThatAppear_AreNamedBelowAnImageThatIsKept()
    {
        var image = new Rgb[40, 60];
        var labels = new byte[40, 60];
        labels[1, 1] = 3;
        labels[2, 2] = 255;
        labels[3, 3] = 200;
        string[] names = ["background", "red", "green", "yellow one"];
        ClassColours colours = ClassColours.ForNames(names);
        Rgb[,] written = Write("overlay.jpg", path => LegendOverlay.Write(path, image, labels, names, colours));
        Assert.Equal(320, written.GetLength(1));
        int Near(Rgb colour) => Count(Below(written, 40), p =>
            Math.Abs(p.R - colour.R) < 20 && Math.Abs(p.G - colour.G) < 20 && Math.Abs(p.B - colour.B) < 20);
        Assert.InRange(Near(colours[3]), 60, 150);
        Assert.InRange(Near(colours[200]), 60, 150);
        Assert.Equal(0, Near(colours[1]));
        Assert.Equal(0, Near(colours[0]));
        Assert.Throws<ArgumentException>(() => LegendOverlay.Write(folder.At("bad.jpg"), image, new byte[3, 3], [], colours));
    }

    [Fact]
    public void ColourMap_KnownPlaces_AreThoseOfViridis()
    {
        // matplotlib's table at 0, 1/4, 1/2, 3/4 and 1.
        (double At, Rgb Colour)[] known =
        [
            (0, new(68, 1, 84)), (0.25, new(59, 82, 139)), (0.5, new(33, 145, 140)), (0.75, new(94, 201, 98)), (1, new(253, 231, 37)),
        ];
        Assert.All(known, k =>
        {
            Rgb found = ColourMap.At(k.At);
            Assert.True(Math.Abs(found.R - k.Colour.R) + Math.Abs(found.G - k.Colour.G) + Math.Abs(found.B - k.Colour.B) < 12,
                $"{k.At}: {found}");
        });
        double Lightness(double at) => (0.2126 * ColourMap.At(at).R) + (0.7152 * ColourMap.At(at).G) + (0.0722 * ColourMap.At(at).B);
        Assert.All(Enumerable.Range(1, 20), i => Assert.True(Lightness(i / 20.0) > Lightness((i - 1) / 20.0), $"{i}"));
        Assert.Equal((ColourMap.At(0), ColourMap.At(1)), (ColourMap.At(-3), ColourMap.At(7)));
    }

    [Fact]
    public void ActivationChart_Map_IsStretchedFromItsLeastToItsGreatestValue()
    {
        Rgb[,] stretched = ActivationChart.Colours(new float[,] { { -4, -4, 2 }, { -4, -4, 2 } }, 40, 60).ToArray();
        Assert.Equal((ColourMap.At(0), ColourMap.At(1)), (stretched[0, 0], stretched[39, 59]));
        Assert.Equal(ColourMap.At((39.5 / 20) - 1.5), stretched[20, 39]);
        Assert.Equal(ColourMap.At(0), ActivationChart.Colours(new float[,] { { 5, 5 } }, 4, 4).Span[2, 2]);
        Assert.Equal(new Rgb(255, 0, 0), ActivationChart.Colours(new float[,] { { float.NaN, 5, 6 } }, 3, 9).Span[1, 0]);

        ActivationMap Map(string group, string layer) => new(group, layer, 2, 8, 1, new float[,] { { -4, 2 } });
        Rgb[,] chart = Write("activations.png", path => ActivationChart.Write(
            path, new Rgb[30, 60], new byte[30, 60], ClassColours.ForVoc(),
            [Map("features", "features.conv1"), Map("a", "a.down.0"), Map("a", "a"), Map("b", "b")]));
        Assert.Equal((46 + (3 * (128 + 44)) + 14, (4 * 270) + 14), (chart.GetLength(0), chart.GetLength(1)));
        Assert.Equal(ColourMap.At(0), chart[46 + 64, 14 + (2 * 270) + 10]);
        Assert.Equal(ColourMap.At(1), chart[46 + 64, 14 + (2 * 270) + 245]);
        Assert.Equal(ColourMap.At(1), chart[46 + 64 + (2 * 172), 14 + 245]);
        Assert.NotEqual(ColourMap.At(1), chart[46 + 64 + (2 * 172), 14 + 270 + 245]);
    }

    private Rgb[,] WriteResults(string name, IReadOnlyList<ResultsPoint> points, int best) => Write(name, path => ResultsChart.Write(
        path, points, ["validation mIoU, %", "validation aAcc, %", "validation mAcc, %"], best));

    /// <summary>A panel of a chart of three columns.</summary>
    private static ReadOnlySpan2D<Rgb> Panel(Rgb[,] chart, int index) => chart.AsSpan2D(
        ResultsChart.Header + (index / 3 * ResultsChart.PanelHeight), index % 3 * ResultsChart.PanelWidth,
        ResultsChart.PanelHeight, ResultsChart.PanelWidth);

    private Rgb[,] Write(string name, Action<string> write)
    {
        string path = folder.At(name);
        write(path);
        return ImageFile.Load(path).ToArray();
    }

    private static ReadOnlySpan2D<Rgb> Below(Rgb[,] image, int row) =>
        image.AsSpan2D(row, 0, image.GetLength(0) - row, image.GetLength(1));

    private static int Count(ReadOnlySpan2D<Rgb> pixels, Func<Rgb, bool> wanted)
    {
        int count = 0;
        foreach (Rgb pixel in pixels)
            count += wanted(pixel) ? 1 : 0;
        return count;
    }
}
