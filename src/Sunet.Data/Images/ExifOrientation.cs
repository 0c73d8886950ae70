using System.Buffers.Binary;
using System.Runtime.InteropServices;
using SkiaSharp;

namespace Sunet.Data.Images;

/// <summary>
/// Which way up a photograph is to be shown: cameras store what their sensor saw and say in EXIF how they were held. Viewers and labelling
/// tools turn the image, so that everything here does too.
/// </summary>
internal static class ExifOrientation
{
    private const uint Exif = 0x65584966;

    /// <summary>The orientation that a file says; upright where it says none.</summary>
    public static SKEncodedOrigin Of(SKCodec codec, ReadOnlySpan<byte> file) =>
        codec.EncodedFormat == SKEncodedImageFormat.Png ? OfPng(file) : codec.EncodedOrigin;

    /// <summary>Whether rows become columns.</summary>
    public static bool SwapsSides(SKEncodedOrigin origin) => origin >= SKEncodedOrigin.LeftTop;

    /// <summary>Turns an image upright.</summary>
    /// <param name="stored">[height, width] pixels of four bytes.</param>
    /// <param name="height">The stored height.</param>
    /// <param name="width">The stored width.</param>
    /// <param name="origin">How it is stored.</param>
    /// <param name="upright">Receives the pixels, row by row of the upright image.</param>
    public static void Turn(ReadOnlySpan<byte> stored, int height, int width, SKEncodedOrigin origin, Span<byte> upright)
    {
        // Where the first pixel of the upright image is stored, and how far the next row and the next column are from there.
        (int first, int down, int across) = origin switch
        {
            SKEncodedOrigin.TopRight => (width - 1, width, -1),
            SKEncodedOrigin.BottomRight => ((height * width) - 1, -width, -1),
            SKEncodedOrigin.BottomLeft => ((height - 1) * width, -width, 1),
            SKEncodedOrigin.LeftTop => (0, 1, width),
            SKEncodedOrigin.RightTop => ((height - 1) * width, 1, -width),
            SKEncodedOrigin.RightBottom => ((height * width) - 1, -1, -width),
            SKEncodedOrigin.LeftBottom => (width - 1, -1, width),
            _ => (0, width, 1),
        };
        ReadOnlySpan<uint> from = MemoryMarshal.Cast<byte, uint>(stored);
        Span<uint> to = MemoryMarshal.Cast<byte, uint>(upright);
        (int rows, int columns) = SwapsSides(origin) ? (width, height) : (height, width);

        // Some rows at a time: where rows become columns, neighbours in a stored row then come from one line of the cache.
        const int Rows = 16;
        for (int top = 0; top < rows; top += Rows)
        {
            int bottom = Math.Min(top + Rows, rows);
            for (int x = 0; x < columns; x++)
            {
                int at = first + (x * across);
                for (int y = top; y < bottom; y++)
                    to[(y * columns) + x] = from[at + (y * down)];
            }
        }
    }

    // The decoder does not look for it in PNGs. The chunk may lie before or behind the pixels; damaged ones the decoder refuses.
    private static SKEncodedOrigin OfPng(ReadOnlySpan<byte> file)
    {
        const int Frame = 12;
        ReadOnlySpan<byte> rest = file[ImageFormats.PngSignature.Length..];
        while (rest.Length >= Frame)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(rest);
            if (length > rest.Length - Frame)
                break;
            if (BinaryPrimitives.ReadUInt32BigEndian(rest[4..]) == Exif)
                return OfTiff(rest.Slice(8, (int)length));
            rest = rest[((int)length + Frame)..];
        }

        return SKEncodedOrigin.TopLeft;
    }

    /// <summary>Finds the orientation among the first tags of EXIF data, which have the form of a TIFF file.</summary>
    private static SKEncodedOrigin OfTiff(ReadOnlySpan<byte> tiff)
    {
        const int Entry = 12, OrientationTag = 0x0112;
        bool isLittle = tiff.StartsWith("II"u8);
        if (tiff.Length < 8 || !(isLittle || tiff.StartsWith("MM"u8)))
            return SKEncodedOrigin.TopLeft;
        uint at = isLittle ? BinaryPrimitives.ReadUInt32LittleEndian(tiff[4..]) : BinaryPrimitives.ReadUInt32BigEndian(tiff[4..]);
        if (at > tiff.Length - 2)
            return SKEncodedOrigin.TopLeft;
        ReadOnlySpan<byte> tags = tiff[((int)at + 2)..];
        for (int count = Number(tiff[(int)at..], isLittle); count > 0 && tags.Length >= Entry; count--, tags = tags[Entry..])
        {
            if (Number(tags, isLittle) == OrientationTag && Number(tags[8..], isLittle) is var value and >= 1 and <= 8)
                return (SKEncodedOrigin)value;
        }

        return SKEncodedOrigin.TopLeft;
    }

    private static int Number(ReadOnlySpan<byte> bytes, bool isLittle) =>
        isLittle ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);
}
