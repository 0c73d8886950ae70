using System.Globalization;
using CommunityToolkit.HighPerformance;
using SkiaSharp;
using Sunet.Data.Images;
using Sunet.Native.Inference;
using Sunet.Native.Tensors;

namespace Sunet.Data.Reporting;

/// <summary>
/// Draws an image and the strongest feature map of every level of a network, a row for each block of layers, each map from its least
/// (dark) to its greatest activation (bright).
/// </summary>
internal static class ActivationChart
{
    private const int TileSide = 256;
    private const int Gap = 14;
    private const int Caption = 44;
    private const int Header = 46;
    private const int TextSize = 15;
    private const string CommonPrefix = "features.";
    private static readonly SKColor Ground = new(250, 250, 250);
    private static readonly SKColor Ink = new(40, 40, 40);
    private static readonly SKColor FaintInk = new(110, 110, 110);

    /// <summary>Writes or replaces the chart.</summary>
    /// <param name="path">A PNG file; its folder exists.</param>
    /// <param name="image">[H, W].</param>
    /// <param name="labels">[H, W] what was predicted; empty where nothing was.</param>
    /// <param name="colours">Of the classes.</param>
    /// <param name="maps">What <see cref="ActivationMapper.Compute"/> found in the image.</param>
    /// <exception cref="ArgumentException">The image is empty, or the sizes of image and labels differ.</exception>
    /// <exception cref="DataException">The file cannot be written.</exception>
    public static void Write(
        string path, ReadOnlySpan2D<Rgb> image, ReadOnlySpan2D<byte> labels, ClassColours colours, IReadOnlyList<ActivationMap> maps)
    {
        ArgumentNullException.ThrowIfNull(maps);
        float scale = (float)TileSide / Math.Max(image.Height, image.Width);
        (int width, int height) = (Math.Max(1, (int)(image.Width * scale)), Math.Max(1, (int)(image.Height * scale)));
        var rows = maps.GroupBy(map => map.Group).Select(group => group.ToList()).ToList();
        int firstColumns = (labels.IsEmpty ? 1 : 2) + (rows.Count > 0 ? rows[0].Count : 0);
        int columns = Math.Max(4, Math.Max(firstColumns, rows.Count > 0 ? rows.Max(row => row.Count) : 0));
        int pitch = TileSide + Gap, rowPitch = height + Caption;

        using SKBitmap bitmap = Bitmaps.Create(Header + (Math.Max(1, rows.Count) * rowPitch) + Gap, (columns * pitch) + Gap);
        using (var canvas = new SKCanvas(bitmap))
        {
            canvas.Clear(Ground);
            DrawHeader(canvas, (columns * pitch) - Gap);
            var tiles = new Tiles(canvas, width, height);
            tiles.Draw(0, 0, image, "image", Size(image.Height, image.Width));
            if (!labels.IsEmpty)
                tiles.Draw(0, 1, Overlay.Tint(image, labels, colours).Span, "prediction", Size(image.Height, image.Width));
            for (int row = 0; row < rows.Count; row++)
            {
                int column = row > 0 ? 0 : labels.IsEmpty ? 1 : 2;
                foreach (ActivationMap map in rows[row])
                    tiles.Draw(row, column++, Colours(map.Values.Span, height, width).Span, ShortName(map.Layer), Describe(map));
            }
        }

        ImageWriter.WritePng(path, bitmap);
    }

    /// <summary>A map stretched to [H, W], bilinear between the centres of its pixels, and coloured.</summary>
    internal static Memory2D<Rgb> Colours(ReadOnlySpan2D<float> map, int height, int width)
    {
        (float least, float greatest) = Range(map);
        double span = greatest > least ? greatest - (double)least : 1;
        var colours = new Rgb[height, width];
        for (int y = 0; y < height; y++)
        {
            (int top, int bottom, double down) = Between(y, height, map.Height);
            ReadOnlySpan<float> upper = map.GetRowSpan(top), lower = map.GetRowSpan(bottom);
            for (int x = 0; x < width; x++)
            {
                (int left, int right, double along) = Between(x, width, map.Width);
                double above = upper[left] + (along * (upper[right] - (double)upper[left]));
                double below = lower[left] + (along * (lower[right] - (double)lower[left]));
                double value = (above + (down * (below - above)) - least) / span;
                colours[y, x] = double.IsFinite(value) ? ColourMap.At(value) : new Rgb(255, 0, 0);
            }
        }

        return colours;
    }

    private static (int Before, int After, double Share) Between(int at, int size, int sourceSize)
    {
        double position = Math.Clamp(((at + 0.5) * sourceSize / size) - 0.5, 0, sourceSize - 1);
        int before = (int)position;
        return (before, Math.Min(before + 1, sourceSize - 1), position - before);
    }

    private static (float Least, float Greatest) Range(ReadOnlySpan2D<float> map)
    {
        (float least, float greatest) = (float.PositiveInfinity, float.NegativeInfinity);
        foreach (float value in map)
        {
            if (float.IsFinite(value))
                (least, greatest) = (Math.Min(least, value), Math.Max(greatest, value));
        }

        return (least, greatest);
    }

    private static void DrawHeader(SKCanvas canvas, int right)
    {
        const int BarWidth = 160, BarHeight = 14, Top = 16;
        const float Middle = Top + (BarHeight / 2f);
        Lettering.Draw(canvas, "strongest channel of each level", Gap, Middle, TextSize, Ink);
        int bar = right - (int)Lettering.Width("greatest", TextSize) - Gap - BarWidth;
        Lettering.Draw(canvas, "greatest", right, Middle, TextSize, Ink, TextAnchor.End);
        Lettering.Draw(canvas, "least", bar - Gap, Middle, TextSize, Ink, TextAnchor.End);
        using var paint = new SKPaint { IsAntialias = false };
        for (int x = 0; x < BarWidth; x++)
        {
            Rgb colour = ColourMap.At(x / (BarWidth - 1.0));
            paint.Color = new SKColor(colour.R, colour.G, colour.B);
            canvas.DrawRect(bar + x, Top, 1, BarHeight, paint);
        }
    }

    private static string ShortName(string layer) =>
        layer.StartsWith(CommonPrefix, StringComparison.Ordinal) ? layer[CommonPrefix.Length..] : layer;

    private static string Describe(ActivationMap map) => string.Create(CultureInfo.InvariantCulture,
        $"{Size(map.Values.Height, map.Values.Width)}, channel {map.Channel} of {map.Channels}");

    private static string Size(int height, int width) => string.Create(CultureInfo.InvariantCulture, $"{height} × {width}");

    /// <summary>A grid of pictures of one size, each with two lines below it.</summary>
    private sealed class Tiles(SKCanvas canvas, int width, int height)
    {
        public void Draw(int row, int column, ReadOnlySpan2D<Rgb> picture, string title, string detail)
        {
            int left = Gap + (column * (TileSide + Gap)), top = Header + (row * (height + Caption));
            using SKBitmap bitmap = Bitmaps.FromImage(picture);
            using SKImage image = SKImage.FromBitmap(bitmap);
            var sampling = new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear);
            canvas.DrawImage(image, SKRect.Create(left, top, width, height), sampling);
            Lettering.Draw(canvas, Lettering.Fit(title, TextSize, TileSide), left, top + height + 12, TextSize, Ink);
            Lettering.Draw(canvas, Lettering.Fit(detail, TextSize, TileSide), left, top + height + 30, TextSize, FaintInk);
        }
    }
}
