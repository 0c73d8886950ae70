using CommunityToolkit.HighPerformance;
using SkiaSharp;
using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Reporting;

/// <summary>Draws <c>val_batch0_labels.jpg</c> and <c>val_batch0_pred.jpg</c>: label maps over their images, side by side.</summary>
internal static class Mosaic
{
    private const int TileSide = 320;
    private const int MostTiles = 16;
    private const int MostNamed = 40;
    private const int Quality = 90;

    /// <summary>Writes or replaces a mosaic of the first 16 tiles.</summary>
    /// <param name="path">A JPEG file; its folder exists.</param>
    /// <param name="tiles">At least one; each is shrunk to fit 320 x 320 pixels.</param>
    /// <param name="classNames">Named with their colours below the tiles: all of them, or, of many, those that appear.</param>
    /// <exception cref="ArgumentException">There is no tile, or the sizes of an image and its labels differ.</exception>
    /// <exception cref="DataException">The file cannot be written.</exception>
    public static void Write(string path, IReadOnlyList<MosaicTile> tiles, IReadOnlyList<string> classNames)
    {
        ArgumentNullException.ThrowIfNull(tiles);
        ArgumentNullException.ThrowIfNull(classNames);
        int count = Math.Min(tiles.Count, MostTiles);
        if (count == 0)
            throw new ArgumentException("A mosaic has at least one tile.", nameof(tiles));
        int columns = (int)Math.Ceiling(Math.Sqrt(count)), rows = (count + columns - 1) / columns;
        int width = columns * TileSide, height = rows * TileSide;
        var legend = new Legend(LegendClasses(tiles.Take(count), classNames.Count), classNames, width);
        using SKBitmap bitmap = Bitmaps.Create(height + legend.Height, width);
        using (var canvas = new SKCanvas(bitmap))
        {
            canvas.Clear(SKColors.White);
            using var ground = new SKPaint { Color = new SKColor(40, 40, 40) };
            canvas.DrawRect(0, 0, width, height, ground);
            for (int i = 0; i < count; i++)
                Draw(canvas, tiles[i], i % columns * TileSide, i / columns * TileSide);
            legend.Draw(canvas, 0, height);
        }

        ImageWriter.WriteJpeg(path, bitmap, Quality);
    }

    private static IEnumerable<int> LegendClasses(IEnumerable<MosaicTile> tiles, int classes) => classes is > 0 and <= MostNamed
        ? Enumerable.Range(0, classes)
        : Legend.ClassesIn(tiles.Select(tile => tile.Labels));

    private static void Draw(SKCanvas canvas, MosaicTile tile, int left, int top)
    {
        Memory2D<Rgb> blend = Overlay.Blend(tile.Image.Span, tile.Labels.Span);
        using SKBitmap picture = Bitmaps.FromImage(blend.Span);
        float scale = Math.Min((float)TileSide / picture.Width, (float)TileSide / picture.Height);
        float width = picture.Width * scale, height = picture.Height * scale;
        var area = SKRect.Create(left + ((TileSide - width) / 2), top + ((TileSide - height) / 2), width, height);
        using SKImage image = SKImage.FromBitmap(picture);
        canvas.DrawImage(image, area, new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));

        // A dark copy beneath keeps the name readable on any picture.
        BitmapFont.Draw(canvas, tile.Name, left + 5, top + 5, 1, SKColors.Black);
        BitmapFont.Draw(canvas, tile.Name, left + 4, top + 4, 1, SKColors.White);
    }
}
