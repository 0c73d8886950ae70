using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Sunet.Native.Tensors;

/// <summary>Brings pixels of all formats into the three bytes red, green and blue.</summary>
internal static class PixelConversion
{
    /// <summary>Bytes of a vector.</summary>
    private const int Lane = 16;

    /// <summary>In a shuffle, no byte of the source.</summary>
    private const byte X = 0xFF;

    /// <summary>Converts pixels that follow each other without gaps.</summary>
    /// <param name="pixels">N pixels.</param>
    /// <param name="format">Their bytes.</param>
    /// <param name="rgb">Receives 3 * N bytes; no byte behind them is written.</param>
    public static void ToRgb(ReadOnlySpan<byte> pixels, PixelFormat format, Span<byte> rgb)
    {
        switch (format)
        {
            case PixelFormat.Rgb:
                pixels.CopyTo(rgb);
                break;
            case PixelFormat.Bgr:
                Shuffle(pixels, 3, first: 2, Vector128.Create((byte)2, 1, 0, 5, 4, 3, 8, 7, 6, 11, 10, 9, 14, 13, 12, X), rgb);
                break;
            case PixelFormat.Rgba:
                Shuffle(pixels, 4, first: 0, Vector128.Create((byte)0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, X, X, X, X), rgb);
                break;
            case PixelFormat.Bgra:
                Shuffle(pixels, 4, first: 2, Vector128.Create((byte)2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, X, X, X, X), rgb);
                break;
            default:
                Triple(pixels, rgb);
                break;
        }
    }

    /// <summary>Converts by a shuffle of as many whole pixels as a vector holds.</summary>
    /// <param name="from">N pixels.</param>
    /// <param name="size">Bytes of a pixel.</param>
    /// <param name="first">Where red is in a pixel; blue is as far from the third byte.</param>
    /// <param name="order">Of the bytes of a vector; constant, so that the shuffle is one instruction.</param>
    /// <param name="to">Receives 3 * N bytes.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Shuffle(ReadOnlySpan<byte> from, int size, int first, Vector128<byte> order, Span<byte> to)
    {
        int source = 0, target = 0, pixels = Lane / size;

        // Each store writes a few bytes behind its whole pixels; the next one overwrites them.
        for (; target + Lane <= to.Length && source + Lane <= from.Length; source += pixels * size, target += pixels * 3)
            Vector128.Shuffle(Vector128.Create(from.Slice(source, Lane)), order).CopyTo(to[target..]);
        for (; source + size <= from.Length; source += size, target += 3)
            (to[target], to[target + 1], to[target + 2]) = (from[source + first], from[source + 1], from[source + 2 - first]);
    }

    private static void Triple(ReadOnlySpan<byte> from, Span<byte> to)
    {
        Vector128<byte> first = Vector128.Create((byte)0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5);
        Vector128<byte> second = Vector128.Create((byte)5, 5, 6, 6, 6, 7, 7, 7, 8, 8, 8, 9, 9, 9, 10, 10);
        Vector128<byte> third = Vector128.Create((byte)10, 11, 11, 11, 12, 12, 12, 13, 13, 13, 14, 14, 14, 15, 15, 15);
        int x = 0;
        for (; x + Lane <= from.Length; x += Lane)
        {
            Vector128<byte> grey = Vector128.Create(from.Slice(x, Lane));
            Span<byte> place = to.Slice(3 * x, 3 * Lane);
            Vector128.Shuffle(grey, first).CopyTo(place);
            Vector128.Shuffle(grey, second).CopyTo(place[Lane..]);
            Vector128.Shuffle(grey, third).CopyTo(place[(2 * Lane)..]);
        }

        for (; x < from.Length; x++)
            to.Slice(3 * x, 3).Fill(from[x]);
    }
}
