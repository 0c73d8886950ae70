using System.Runtime.InteropServices;
using CommunityToolkit.HighPerformance;
using SkiaSharp;
using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Reporting;

/// <summary>Brings images and label maps to the size that a picture shows them in.</summary>
internal static class Resampling
{
    /// <summary>Resizes an image; where it shrinks, every pixel of it counts.</summary>
    /// <param name="image">[H, W].</param>
    /// <param name="height">Of the result.</param>
    /// <param name="width">Of the result, in pixels.</param>
    public static Rgb[,] Resize(ReadOnlySpan2D<Rgb> image, int height, int width)
    {
        using SKBitmap source = Bitmaps.FromImage(image);
        using SKBitmap target = Bitmaps.Create(height, width);
        using (SKImage drawn = SKImage.FromBitmap(source))
        using (var canvas = new SKCanvas(target))
        {
            canvas.DrawImage(drawn, SKRect.Create(0, 0, width, height), new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));
        }

        ReadOnlySpan<uint> pixels = MemoryMarshal.Cast<byte, uint>(target.GetPixelSpan());
        int stride = target.RowBytes / sizeof(uint);
        var result = new Rgb[height, width];
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                uint pixel = pixels[(y * stride) + x];
                result[y, x] = new Rgb((byte)pixel, (byte)(pixel >> 8), (byte)(pixel >> 16));
            }
        }

        return result;
    }

    /// <summary>Resizes a label map; a pixel has the label of one that it lies on, since labels have no mean.</summary>
    /// <param name="labels">[H, W].</param>
    /// <param name="height">Of the result.</param>
    /// <param name="width">Of the result, in pixels.</param>
    public static byte[,] Resize(ReadOnlySpan2D<byte> labels, int height, int width)
    {
        var result = new byte[height, width];
        for (int y = 0; y < height; y++)
        {
            ReadOnlySpan<byte> row = labels.GetRowSpan((int)((long)y * labels.Height / height));
            for (int x = 0; x < width; x++)
                result[y, x] = row[(int)((long)x * labels.Width / width)];
        }

        return result;
    }
}
