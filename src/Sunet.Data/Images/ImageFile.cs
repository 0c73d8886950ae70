using System.Runtime.InteropServices;
using CommunityToolkit.HighPerformance;
using Sunet.Native.Tensors;

namespace Sunet.Data.Images;

/// <summary>Reads photographs: JPEG, PNG, BMP, WebP or GIF files, told apart by their content.</summary>
/// <remarks>
/// An image comes as every viewer shows it, turned by its EXIF orientation. A damaged file is refused, also one that a decoder would fill
/// up with grey; one that lacks nothing but the marker at its end is read.
/// </remarks>
public static class ImageFile
{
    /// <summary>The most pixels an image may have unless the caller says otherwise: 67 million (8192 x 8192).</summary>
    public const long DefaultPixelCap = 8192 * 8192;

    /// <summary>
    /// Reads an image as 8-bit RGB, the bytes as they are stored: colour profiles and gamma are not applied, alpha is dropped, grey becomes
    /// three equal channels, and of an animation the first picture counts.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="pixelCap">Larger images are refused by their header, before their pixels are allocated.</param>
    /// <returns>[H, W], upright, owned by the caller.</returns>
    /// <exception cref="DataException">The file is missing, of another format, damaged, truncated or too large.</exception>
    public static Memory2D<Rgb> Load(string path, long pixelCap = DefaultPixelCap) =>
        Load(path, pixelCap, new DecodeScratch(), new PixelBuffer<Rgb>());

    /// <summary>Reads an image from a stream.</summary>
    /// <param name="stream">Read from where it is to its end, and left open; it need not be able to seek.</param>
    /// <param name="name">What messages call the image, such as the address it came from.</param>
    /// <param name="pixelCap">Larger images are refused by their header, before their pixels are allocated.</param>
    /// <returns>[H, W], upright, owned by the caller.</returns>
    /// <exception cref="DataException">The stream cannot be read, or its image is of another format, damaged or too large.</exception>
    public static Memory2D<Rgb> Load(Stream stream, string name = "stream", long pixelCap = DefaultPixelCap)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var scratch = new DecodeScratch();
        return Decode(scratch.ReadStream(stream, name), name, pixelCap, scratch, new PixelBuffer<Rgb>());
    }

    /// <summary>Reads an image into memory that is used again; the result is valid until the next use of scratch or target.</summary>
    internal static Memory2D<Rgb> Load(string path, long pixelCap, DecodeScratch scratch, PixelBuffer<Rgb> target) =>
        Decode(scratch.ReadFile(path), path, pixelCap, scratch, target);

    /// <summary>Decodes a file that is in memory already.</summary>
    internal static Memory2D<Rgb> Decode(
        ReadOnlySpan<byte> file, string path, long pixelCap, DecodeScratch scratch, PixelBuffer<Rgb> target)
    {
        ReadOnlySpan<byte> rgba = DecodeRgba(file, path, pixelCap, scratch, null, out int height, out int width);
        Memory2D<Rgb> image = target.Reserve(height, width);
        image.Span.TryGetSpan(out Span<Rgb> pixels);
        PixelRows.DropAlpha(MemoryMarshal.Cast<byte, uint>(rgba), pixels);
        return image;
    }

    /// <summary>Reads an image as pixels of four bytes, of which the last does not count, perhaps smaller than it is stored.</summary>
    /// <param name="path">The file.</param>
    /// <param name="pixelCap">Larger images are refused by their header.</param>
    /// <param name="scratch">Owns the returned pixels until its next use.</param>
    /// <param name="reduction">
    /// Told height and width of the upright image, says by how much a JPEG is made smaller while it is decoded: 1, 2, 4 or 8.
    /// </param>
    /// <param name="height">The height of what is returned.</param>
    /// <param name="width">The width of what is returned.</param>
    internal static ReadOnlySpan<byte> LoadRgba(
        string path, long pixelCap, DecodeScratch scratch, Func<int, int, int> reduction, out int height, out int width) =>
        DecodeRgba(scratch.ReadFile(path), path, pixelCap, scratch, reduction, out height, out width);

    /// <summary>Decodes a file that is in memory already as it is stored: it is not turned by its orientation.</summary>
    /// <returns>Pixels of four bytes, of which the last does not count, until the next use of the scratch.</returns>
    internal static ReadOnlySpan<byte> DecodeStored(
        ReadOnlySpan<byte> file, string path, long pixelCap, DecodeScratch scratch, Func<int, int, int>? reduction, out StoredSize size)
    {
        ImageFormat format = RequireKnownFormat(file, path);
        JpegStructure? jpeg = format == ImageFormat.Jpeg ? JpegCheck.Require(file, path, pixelCap) : null;
        if (jpeg is not null)
        {
            if (TryDecodeBaseline(file, jpeg, scratch, reduction, out size) is { Length: > 0 } pixels)
                return pixels;
            JpegCheck.RequireCodesIfOdd(file, path, jpeg, scratch);
        }

        ReadOnlySpan<byte> whole = jpeg is { HasEnd: false } ? JpegCheck.WithEnd(file, scratch) : file;
        ReadOnlySpan<byte> stored = SkiaDecoder.Decode(whole, path, pixelCap, scratch, jpeg?.DecoderBytes, out size, reduction);
        if (jpeg is not null && scratch.IsQuick)
            JpegCheck.RequireEnd(file, path, jpeg, scratch, MemoryMarshal.Cast<byte, uint>(stored)[^size.Width..]);
        return stored;
    }

    /// <summary>Decodes a JPEG of the common kind; nothing where it is of another, is to become smaller, or is not sound.</summary>
    private static ReadOnlySpan<byte> TryDecodeBaseline(
        ReadOnlySpan<byte> file, JpegStructure jpeg, DecodeScratch scratch, Func<int, int, int>? reduction, out StoredSize size)
    {
        size = default;
        if (!BaselineJpeg.CanDecode(jpeg) || SkiaDecoder.ReadSize(file) is not { } stored
            || (stored.Height, stored.Width) != (jpeg.Frame!.Height, jpeg.Frame.Width)
            || reduction?.Invoke(stored.ShownHeight, stored.ShownWidth) is > 1)
        {
            return [];
        }

        size = stored;
        SkiaDecoder.Take(scratch, size, BaselineJpeg.MemoryFor(jpeg.Frame));
        Span<byte> pixels = scratch.ReserveRgba(size.Height * size.Width * 4);
        return scratch.Baseline.TryDecode(file, jpeg, pixels) ? pixels : [];
    }

    private static ReadOnlySpan<byte> DecodeRgba(
        ReadOnlySpan<byte> file, string path, long pixelCap, DecodeScratch scratch, Func<int, int, int>? reduction, out int height,
        out int width)
    {
        ReadOnlySpan<byte> stored = DecodeStored(file, path, pixelCap, scratch, reduction, out StoredSize size);
        (height, width) = (size.ShownHeight, size.ShownWidth);
        scratch.Orientation = (int)size.Origin;
        if (size.IsUpright)
            return stored;
        Span<byte> upright = scratch.ReserveTurned(stored.Length);
        ExifOrientation.Turn(stored, size.Height, size.Width, size.Origin, upright);
        return upright;
    }

    // Only some of the decoders inside Skia are ever offered a file; the others need not be trusted.
    private static ImageFormat RequireKnownFormat(ReadOnlySpan<byte> file, string path)
    {
        ImageFormat format = ImageFormats.Detect(file);
        if (format != ImageFormat.Unknown)
            return format;
        throw new DataException(
            ImageFormats.IsTiff(file)
                ? $"'{path}' is a TIFF file, which is not read; convert it to PNG."
                : $"'{path}' is no {ImageFormats.Description} file.", path);
    }
}
