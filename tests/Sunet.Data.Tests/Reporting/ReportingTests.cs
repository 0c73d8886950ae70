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
    public void ResultsChart_Curves_AreDrawnInTheirPanels()
    {
        ResultsPoint[] points = [.. Enumerable.Range(1, 30).Select(epoch =>
            new ResultsPoint(
                epoch, 2.0 / epoch, epoch % 5 == 0 ? 80 - (60.0 / epoch) : double.NaN, 0.01 * Math.Pow(1 - (epoch / 31.0), 0.9)))];
        Rgb[,] chart = Write("results.png", path => ResultsChart.Write(path, points));
        Assert.InRange(Count(chart, new Rgb(31, 119, 180), 0, 420), 200, 20_000);
        Assert.InRange(Count(chart, new Rgb(44, 160, 44), 420, 840), 150, 20_000);
        Assert.InRange(Count(chart, new Rgb(214, 39, 40), 840, 1260), 200, 20_000);
        Assert.Equal(0, Count(chart, new Rgb(31, 119, 180), 420, 1260));
        Assert.InRange(Count(chart, new Rgb(0, 0, 0), 0, 1260), 200, 20_000);
    }

    [Fact]
    public void ResultsChart_NothingOrNotFinite_IsDrawnEmpty()
    {
        ResultsPoint[] points = [new(1, double.NaN, double.PositiveInfinity, 0.1), new(2, double.NaN, double.NaN, 0.1)];
        Assert.Equal(0, Count(Write("empty.png", path => ResultsChart.Write(path, [])), new Rgb(214, 39, 40), 0, 1260));
        Assert.NotEqual(0, Count(Write("flat.png", path => ResultsChart.Write(path, points)), new Rgb(214, 39, 40), 840, 1260));
    }

    [Fact]
    public void ResultsChart_OneEpoch_StandsInTheMiddle()
    {
        Rgb[,] chart = Write("one.png", path => ResultsChart.Write(path, [new ResultsPoint(1, 2, 50, 0.1)]));
        int middle = 75 + ((420 - 95) / 2);
        Assert.InRange(Count(chart, new Rgb(31, 119, 180), middle - 4, middle + 5), 4, 40);
        Assert.Equal(0, Count(chart, new Rgb(31, 119, 180), 0, middle - 4));
    }

    [Fact]
    public void ConfusionMatrixChart_Diagonal_IsDarkerThanTheRest()
    {
        long[,] counts = { { 90, 10, 0 }, { 0, 100, 0 }, { 0, 0, 0 } };
        Rgb[,] chart = Write("confusion_matrix.png", path => ConfusionMatrixChart.Write(path, counts, ["background",
            "a very long class name", "never"]));
        int side = chart.GetLength(0) - 20 - (3 * 36);
        Assert.Equal(new Rgb(32, 81, 165), chart[side + 36 + 3, side + 36 + 3]);
        Assert.Equal(new Rgb(247, 251, 255), chart[side + 36 + 3, side + 3]);
        Rgb absent = chart[side + 72 + 3, side + 72 + 3];
        Assert.True(absent.R == absent.G && absent.G == absent.B && absent.R < 245, "A class without pixels looks like one of 0 %.");
        Assert.Throws<ArgumentException>(() => ConfusionMatrixChart.Write(folder.At("bad.png"), counts, ["a", "b"]));
    }

    [Fact]
    public void Mosaic_Tiles_ShowClassColoursOverImages()
    {
        var image = new Rgb[60, 80];
        var labels = new byte[60, 80];
        for (int i = 0; i < labels.Length; i++)
            labels[i / 80, i % 80] = (byte)(i % 80 < 40 ? 1 : 2);
        var tiles = new MosaicTile[3];
        Array.Fill(tiles, new MosaicTile("tile", image, labels));
        Rgb[,] mosaic = Write("val_batch0_labels.jpg", path => Mosaic.Write(path, tiles, ["none", "first", "second"]));
        Assert.Equal(640, mosaic.GetLength(1));
        Assert.InRange(mosaic.GetLength(0), 641, 700);
        Assert.InRange(Count(Below(mosaic, 640), p => p is { R: > 100, G: < 30, B: < 30 }), 50, 2000);
        Assert.InRange(Count(Below(mosaic, 640), p => p is { R: < 30, G: > 100, B: < 30 }), 50, 2000);
        Assert.InRange(mosaic[160, 60].R, 60, 68);
        Assert.InRange(mosaic[160, 60].G, 0, 4);
        Assert.InRange(mosaic[480, 260].G, 60, 68);
        Assert.Throws<ArgumentException>(() => Mosaic.Write(folder.At("bad.jpg"), [], []));
    }

    [Fact]
    public void LegendOverlay_ClassesThatAppear_AreNamedBelowAnImageThatIsKept()
    {
        var image = new Rgb[40, 60];
        var labels = new byte[40, 60];
        labels[1, 1] = 3;
        labels[2, 2] = 255;
        labels[3, 3] = 200;
        Rgb[,] written = Write("overlay.jpg", path => LegendOverlay.Write(path, image, labels, ["none", "red", "green", "yellow one"]));
        Assert.Equal(320, written.GetLength(1));
        Rgb yellow = VocPalette.Colours[3], red = VocPalette.Colours[1];
        int Near(Rgb colour) => Count(Below(written, 40), p =>
            Math.Abs(p.R - colour.R) < 20 && Math.Abs(p.G - colour.G) < 20 && Math.Abs(p.B - colour.B) < 20);
        Assert.InRange(Near(yellow), 40, 110);
        Assert.InRange(Near(VocPalette.Colours[200]), 40, 110);
        Assert.Equal(0, Near(red));
        Assert.Throws<ArgumentException>(() => LegendOverlay.Write(folder.At("bad.jpg"), image, new byte[3, 3], []));
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
            path, new Rgb[30, 60], new byte[30, 60],
            [Map("features", "features.conv1"), Map("a", "a.down.0"), Map("a", "a"), Map("b", "b")]));
        Assert.Equal((46 + (3 * (128 + 44)) + 14, (4 * 270) + 14), (chart.GetLength(0), chart.GetLength(1)));
        Assert.Equal(ColourMap.At(0), chart[46 + 64, 14 + (2 * 270) + 10]);
        Assert.Equal(ColourMap.At(1), chart[46 + 64, 14 + (2 * 270) + 245]);
        Assert.Equal(ColourMap.At(1), chart[46 + 64 + (2 * 172), 14 + 245]);
        Assert.NotEqual(ColourMap.At(1), chart[46 + 64 + (2 * 172), 14 + 270 + 245]);
    }

    [Fact]
    public void BitmapFont_EveryPrintableCharacter_HasAGlyphOfItsOwn()
    {
        var seen = new HashSet<string>();
        for (char character = ' '; character <= '~'; character++)
        {
            using SkiaSharp.SKBitmap bitmap = Bitmaps.Create(8, 5);
            using var canvas = new SkiaSharp.SKCanvas(bitmap);
            canvas.Clear(SkiaSharp.SKColors.White);
            BitmapFont.Draw(canvas, character.ToString(), 0, 0, 1, SkiaSharp.SKColors.Black);
            Assert.True(seen.Add(Convert.ToHexString(bitmap.GetPixelSpan())), $"'{character}' looks like another character.");
        }
    }

    private Rgb[,] Write(string name, Action<string> write)
    {
        string path = folder.At(name);
        write(path);
        return ImageFile.Load(path).ToArray();
    }

    private static ReadOnlySpan2D<Rgb> Below(Rgb[,] image, int row) =>
        image.AsSpan2D(row, 0, image.GetLength(0) - row, image.GetLength(1));

    private static int Count(Rgb[,] image, Rgb colour, int left, int right) =>
        Count(image.AsSpan2D(0, left, image.GetLength(0), right - left), p => p == colour);

    private static int Count(ReadOnlySpan2D<Rgb> pixels, Func<Rgb, bool> wanted)
    {
        int count = 0;
        foreach (Rgb pixel in pixels)
            count += wanted(pixel) ? 1 : 0;
        return count;
    }
}
