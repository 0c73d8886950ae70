using CommunityToolkit.HighPerformance;
using SkiaSharp;
using Sunet.Native.Tensors;

namespace Sunet.Data.Images;

/// <summary>Writes RGB images as PNG or JPEG, to files or streams.</summary>
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

    /// <summary>Writes a PNG to a stream.</summary>
    /// <param name="stream">Written to from where it is, and left open.</param>
    /// <param name="image">[H, W].</param>
    /// <exception cref="ArgumentException">The image is empty.</exception>
    /// <exception cref="DataException">The stream cannot be written.</exception>
    public static void WritePng(Stream stream, ReadOnlySpan2D<Rgb> image)
    {
        using SKBitmap bitmap = Bitmaps.FromImage(image);
        using SKData? data = EncodePng(bitmap);
        StreamFile.Write(stream, Encoded(data, "The image"));
    }

    /// <summary>Writes a JPEG to a stream.</summary>
    /// <param name="stream">Written to from where it is, and left open.</param>
    /// <param name="image">[H, W].</param>
    /// <param name="quality">1 to 100. Colour is not subsampled.</param>
    /// <exception cref="ArgumentException">The image is empty or the quality out of range.</exception>
    /// <exception cref="DataException">The stream cannot be written.</exception>
    public static void WriteJpeg(Stream stream, ReadOnlySpan2D<Rgb> image, int quality = 95)
    {
        using SKBitmap bitmap = Bitmaps.FromImage(image);
        using SKData? data = EncodeJpeg(bitmap, quality, SKJpegEncoderDownsample.Downsample444);
        StreamFile.Write(stream, Encoded(data, "The image"));
    }

    /// <summary>Writes a drawn bitmap as PNG.</summary>
    internal static void WritePng(string path, SKBitmap bitmap)
    {
        using SKData? data = EncodePng(bitmap);
        AtomicFile.Write(path, Encoded(data, $"'{path}'", path));
    }

    /// <summary>Writes a drawn bitmap as JPEG.</summary>
    internal static void WriteJpeg(
        string path, SKBitmap bitmap, int quality, SKJpegEncoderDownsample colour = SKJpegEncoderDownsample.Downsample444)
    {
        using SKData? data = EncodeJpeg(bitmap, quality, colour);
        AtomicFile.Write(path, Encoded(data, $"'{path}'", path));
    }

    private static SKData? EncodePng(SKBitmap bitmap)
    {
        using SKPixmap pixels = bitmap.PeekPixels();
        return pixels.Encode(SKPngEncoderOptions.Default);
    }

    private static SKData? EncodeJpeg(SKBitmap bitmap, int quality, SKJpegEncoderDownsample colour)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(quality, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(quality, 100);
        var options = new SKJpegEncoderOptions(quality, colour, SKJpegEncoderAlphaOption.Ignore);
        using SKPixmap pixels = bitmap.PeekPixels();
        return pixels.Encode(options);
    }

    private static ReadOnlySpan<byte> Encoded(SKData? data, string what, string? path = null) => data is null
        ? throw new DataException($"{what} cannot be written: the image is too large for its format.", path)
        : data.AsSpan();
}
