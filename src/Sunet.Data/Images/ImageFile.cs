using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using CommunityToolkit.HighPerformance;
using Sunet.Native.Tensors;

namespace Sunet.Data.Images;

/// <summary>Reads photographs: JPEG or PNG files, told apart by their content.</summary>
public static class ImageFile
{
    /// <summary>The most pixels an image may have unless the caller says otherwise: 67 million (8192 x 8192).</summary>
    public const long DefaultPixelCap = 8192 * 8192;

    /// <summary>
    /// Reads an image as 8-bit RGB, the bytes as they are stored: colour profiles, gamma and EXIF orientation are not applied, alpha is
    /// dropped, grey becomes three equal channels.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="pixelCap">Larger images are refused by their header, before their pixels are allocated.</param>
    /// <returns>[H, W], owned by the caller.</returns>
    /// <exception cref="DataException">The file is missing, neither JPEG nor PNG, damaged, truncated or too large.</exception>
    public static Memory2D<Rgb> Load(string path, long pixelCap = DefaultPixelCap) =>
        Load(path, pixelCap, new DecodeScratch(), new PixelBuffer<Rgb>());

    /// <summary>As the public overload, into memory that is used again; the result is valid until the next use of either.</summary>
    internal static Memory2D<Rgb> Load(string path, long pixelCap, DecodeScratch scratch, PixelBuffer<Rgb> target) =>
        Decode(scratch.ReadFile(path), path, pixelCap, scratch, target);

    /// <summary>Decodes a file that is in memory already.</summary>
    internal static Memory2D<Rgb> Decode(
        ReadOnlySpan<byte> file, string path, long pixelCap, DecodeScratch scratch, PixelBuffer<Rgb> target)
    {
        RequireKnownFormat(file, path);
        ReadOnlySpan<byte> rgba = SkiaDecoder.Decode(file, path, pixelCap, scratch, out int height, out int width);
        Memory2D<Rgb> image = target.Reserve(height, width);
        image.Span.TryGetSpan(out Span<Rgb> pixels);
        DropAlpha(rgba, MemoryMarshal.AsBytes(pixels));
        return image;
    }

    /// <summary>Reads an image as pixels of four bytes, of which the last does not count, perhaps smaller than it is stored.</summary>
    /// <param name="path">The file.</param>
    /// <param name="pixelCap">Larger images are refused by their header.</param>
    /// <param name="scratch">Owns the returned pixels until its next use.</param>
    /// <param name="reduction">Told height and width, says by how much a JPEG is made smaller while it is decoded: 1, 2, 4 or 8.</param>
    /// <param name="height">The decoded height.</param>
    /// <param name="width">The decoded width.</param>
    internal static ReadOnlySpan<byte> LoadRgba(
        string path, long pixelCap, DecodeScratch scratch, Func<int, int, int> reduction, out int height, out int width)
    {
        ReadOnlySpan<byte> file = scratch.ReadFile(path);
        RequireKnownFormat(file, path);
        return SkiaDecoder.Decode(file, path, pixelCap, scratch, out height, out width, reduction);
    }

    // Only two of the decoders inside Skia are ever offered a file; the others need not be trusted.
    private static void RequireKnownFormat(ReadOnlySpan<byte> file, string path)
    {
        if (ImageFormats.Detect(file) == ImageFormat.Unknown)
            throw new DataException($"'{path}' is neither a JPEG nor a PNG file.", path);
    }

    private static void DropAlpha(ReadOnlySpan<byte> rgba, Span<byte> rgb)
    {
        Vector128<byte> order = Vector128.Create((byte)0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 0xFF, 0xFF, 0xFF, 0xFF);
        int source = 0, target = 0;

        // Each store writes four bytes beyond its four pixels; the next one overwrites them.
        for (; target + 16 <= rgb.Length; source += 16, target += 12)
            Vector128.Shuffle(Vector128.Create(rgba.Slice(source, 16)), order).CopyTo(rgb[target..]);
        for (; target < rgb.Length; source += 4, target += 3)
            rgba.Slice(source, 3).CopyTo(rgb[target..]);
    }
}
