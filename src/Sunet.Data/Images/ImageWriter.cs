using CommunityToolkit.HighPerformance;
using SkiaSharp;
using Sunet.Native.Tensors;

namespace Sunet.Data.Images;

/// <summary>Writes RGB images as PNG or JPEG files.</summary>
public static class ImageWriter
{
    /// <summary>Writes or replaces a PNG file; a reader never sees half of it.</summary>
    /// <param name="path">The file; its folder exists.</param>
    /// <param name="image">[H, W].</param>
    /// <exception cref="ArgumentException">The image is empty.</exception>
    /// <exception cref="DataException">The file cannot be written.</exception>
    public static void WritePng(string path, ReadOnlySpan2D<Rgb> image)
    {
        using SKBitmap bitmap = Bitmaps.FromImage(image);
        WritePng(path, bitmap);
    }

    /// <summary>Writes or replaces a JPEG file; a reader never sees half of it.</summary>
    /// <param name="path">The file; its folder exists.</param>
    /// <param name="image">[H, W].</param>
    /// <param name="quality">1 to 100. Colour is not subsampled.</param>
    /// <exception cref="ArgumentException">The image is empty or the quality out of range.</exception>
    /// <exception cref="DataException">The file cannot be written.</exception>
    public static void WriteJpeg(string path, ReadOnlySpan2D<Rgb> image, int quality = 95)
    {
        using SKBitmap bitmap = Bitmaps.FromImage(image);
        WriteJpeg(path, bitmap, quality);
    }

    /// <summary>Writes a drawn bitmap as PNG.</summary>
    internal static void WritePng(string path, SKBitmap bitmap)
    {
        using SKPixmap pixels = bitmap.PeekPixels();
        using SKData? data = pixels.Encode(SKPngEncoderOptions.Default);
        Write(path, data);
    }

    /// <summary>Writes a drawn bitmap as JPEG.</summary>
    internal static void WriteJpeg(string path, SKBitmap bitmap, int quality)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(quality, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(quality, 100);
        var options = new SKJpegEncoderOptions(quality, SKJpegEncoderDownsample.Downsample444, SKJpegEncoderAlphaOption.Ignore);
        using SKPixmap pixels = bitmap.PeekPixels();
        using SKData? data = pixels.Encode(options);
        Write(path, data);
    }

    private static void Write(string path, SKData? data)
    {
        if (data is null)
            throw new DataException($"'{path}' cannot be written: the image is too large for its format.", path);
        AtomicFile.Write(path, data.AsSpan());
    }
}
