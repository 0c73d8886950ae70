using CommunityToolkit.HighPerformance;
using SkiaSharp;
using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Reporting;

/// <summary>Draws <c>val_pictures.jpg</c>: images with their ground truth, each beside the same image with what was predicted.</summary>
internal static class Mosaic
{
    private const int MostTiles = 16, MostNamed = 40, Quality = 90, TextSize = 14;
    private const string TruthTitle = "truth", PredictionTitle = "prediction";
    private static readonly SKColor Ink = SKColors.Black, FaintInk = new(100, 100, 100);

    /// <summary>Writes or replaces a mosaic of the first 16 tiles.</summary>
    /// <param name="path">A JPEG file; its folder exists.</param>
    /// <param name="tiles">At least one; each is scaled into a field of the shape that most have.</param>
    /// <param name="classNames">Named with their colours below the tiles: all of them, or, of many, those that appear.</param>
    /// <param name="colours">Of the classes.</param>
    /// <exception cref="ArgumentException">There is no tile, or the sizes of an image and its labels differ.</exception>
    /// <exception cref="DataException">The file cannot be written.</exception>
    public static void Write(string path, IReadOnlyList<MosaicTile> tiles, IReadOnlyList<string> classNames, ClassColours colours)
    {
        ArgumentNullException.ThrowIfNull(tiles);
        ArgumentNullException.ThrowIfNull(classNames);
        MosaicTile[] shown = [.. tiles.Take(MostTiles)];
        if (shown.Length == 0)
            throw new ArgumentException("A mosaic has at least one tile.", nameof(tiles));
        RequireSameSizes(shown);
        var layout = new MosaicLayout([.. shown.Select(tile => (tile.Image.Height, tile.Image.Width))]);
        var legend = new Legend(LegendClasses(shown, classNames.Count), classNames, colours, layout.Width);
        using SKBitmap bitmap = Bitmaps.Create(layout.Height + legend.Height, layout.Width);
        using (var canvas = new SKCanvas(bitmap))
        {
            canvas.Clear(SKColors.White);
            for (int i = 0; i < shown.Length; i++)
            {
                SKRectI truth = layout.Truth(i), prediction = layout.Prediction(i);
                DrawCaption(canvas, shown[i].Name, truth, prediction);
                DrawPicture(canvas, shown[i].Image.Span, shown[i].Truth.Span, colours, truth);
                DrawPicture(canvas, shown[i].Image.Span, shown[i].Prediction.Span, colours, prediction);
            }

            legend.Draw(canvas, 0, layout.Height);
        }

        ImageWriter.WriteJpeg(path, bitmap, Quality);
    }

    private static void RequireSameSizes(MosaicTile[] tiles)
    {
        foreach (MosaicTile tile in tiles)
        {
            (int height, int width) = (tile.Image.Height, tile.Image.Width);
            if ((tile.Truth.Height, tile.Truth.Width) != (height, width)
                || (tile.Prediction.Height, tile.Prediction.Width) != (height, width))
            {
                throw new ArgumentException($"The image '{tile.Name}' is {width} x {height} and its labels are not.", nameof(tiles));
            }
        }
    }

    private static IEnumerable<int> LegendClasses(MosaicTile[] tiles, int classes) => classes is > 0 and <= MostNamed
        ? Enumerable.Range(0, classes)
        : Legend.ClassesIn(tiles.SelectMany(tile => new[] { tile.Truth, tile.Prediction }));

    /// <summary>What a picture shows stands over its right end, and as much of the name as there is room for over the left one.</summary>
    private static void DrawCaption(SKCanvas canvas, string name, SKRectI truth, SKRectI prediction)
    {
        const float Space = 8;
        float middle = truth.Top - (MosaicLayout.Caption / 2f), room = truth.Width - Lettering.Width(TruthTitle, TextSize) - Space;
        if (room > TextSize)
            Lettering.Draw(canvas, Lettering.Fit(name, TextSize, room), truth.Left, middle, TextSize, Ink);
        foreach ((SKRectI place, string title) in new[] { (truth, TruthTitle), (prediction, PredictionTitle) })
        {
            string fitted = Lettering.Fit(title, TextSize, place.Width);
            Lettering.Draw(canvas, fitted, place.Right, middle, TextSize, FaintInk, TextAnchor.End);
        }
    }

    /// <summary>Tints an image after it has been shrunk, so that the borders of classes are not shrunk away.</summary>
    private static void DrawPicture(
        SKCanvas canvas, ReadOnlySpan2D<Rgb> image, ReadOnlySpan2D<byte> labels, ClassColours colours, SKRectI place)
    {
        Rgb[,] shrunk = Resampling.Resize(image, place.Height, place.Width);
        byte[,] classes = Resampling.Resize(labels, place.Height, place.Width);
        using SKBitmap picture = Bitmaps.FromImage(Overlay.Tint(shrunk, classes, colours).Span);
        canvas.DrawBitmap(picture, place.Left, place.Top, default(SKSamplingOptions));
    }
}
