using CommunityToolkit.HighPerformance;
using SkiaSharp;
using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Reporting;

/// <summary>Writes a label map over its image with a legend of the classes that appear, below it.</summary>
internal static class LegendOverlay
{
    private const int LeastWidth = 320;

    /// <summary>Writes or replaces a JPEG file; the image keeps its pixels, and is centred if it is narrower than a legend.</summary>
    /// <param name="path">The file; its folder exists.</param>
    /// <param name="image">[H, W].</param>
    /// <param name="labels">[H, W] class indices; 255 is not drawn.</param>
    /// <param name="classNames">Names by index; a class without one is called by its number.</param>
    /// <param name="colours">Of the classes.</param>
    /// <param name="quality">1 to 100.</param>
    /// <exception cref="ArgumentException">The sizes differ, or the image is empty.</exception>
    /// <exception cref="DataException">The file cannot be written.</exception>
    public static void Write(
        string path, ReadOnlySpan2D<Rgb> image, ReadOnlySpan2D<byte> labels, IReadOnlyList<string> classNames, ClassColours colours,
        int quality = 95)
    {
        ArgumentNullException.ThrowIfNull(classNames);
        using SKBitmap picture = Bitmaps.FromImage(Overlay.Tint(image, labels, colours).Span);
        int width = Math.Max(picture.Width, LeastWidth);
        var legend = new Legend(Legend.ClassesIn(labels.ToArray()), classNames, colours, width);
        using SKBitmap bitmap = Bitmaps.Create(picture.Height + legend.Height, width);
        using (var canvas = new SKCanvas(bitmap))
        {
            canvas.Clear(SKColors.White);
            canvas.DrawBitmap(picture, (width - picture.Width) / 2, 0, default(SKSamplingOptions));
            legend.Draw(canvas, 0, picture.Height);
        }

        ImageWriter.WriteJpeg(path, bitmap, quality);
    }
}
