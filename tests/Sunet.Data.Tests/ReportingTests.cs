using Sunet.Data.Images;
using Sunet.Data.Reporting;
using Sunet.Native.Tensors;

namespace Sunet.Data.Tests;

public sealed class ReportingTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void ResultsChart_Curves_AreDrawnInTheirPanels()
    {
        ResultsPoint[] points = [.. Enumerable.Range(1, 30).Select(epoch =>
            new ResultsPoint(epoch, 2.0 / epoch, epoch % 5 == 0 ? 80 - (60.0 / epoch) : double.NaN, 0.01 * Math.Pow(1 - (epoch / 31.0), 0.9)))];
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
    public void ConfusionMatrixChart_Diagonal_IsDarkerThanTheRest()
    {
        long[,] counts = { { 90, 10, 0 }, { 0, 100, 0 }, { 0, 0, 0 } };
        Rgb[,] chart = Write("confusion_matrix.png", path => ConfusionMatrixChart.Write(path, counts, ["background", "a very long class name", "never"]));
        Assert.Equal(new Rgb(32, 81, 165), chart[120 + 36 + 3, 120 + 36 + 3]);
        Assert.Equal(new Rgb(247, 251, 255), chart[120 + 36 + 3, 120 + 3]);
        Assert.Equal(new Rgb(247, 251, 255), chart[120 + 72 + 3, 120 + 72 + 3]);
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
        Assert.Equal((640, 640), (mosaic.GetLength(0), mosaic.GetLength(1)));
        Assert.InRange(mosaic[160, 60].R, 60, 68);
        Assert.InRange(mosaic[160, 60].G, 0, 4);
        Assert.InRange(mosaic[480, 260].G, 60, 68);
        Assert.Throws<ArgumentException>(() => Mosaic.Write(folder.At("bad.jpg"), [], []));
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

    private static int Count(Rgb[,] image, Rgb colour, int left, int right)
    {
        int count = 0;
        for (int y = 0; y < image.GetLength(0); y++)
        {
            for (int x = left; x < right; x++)
                count += image[y, x] == colour ? 1 : 0;
        }

        return count;
    }
}
