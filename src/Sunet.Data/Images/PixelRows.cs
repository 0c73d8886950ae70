using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Sunet.Native.Tensors;

namespace Sunet.Data.Images;

/// <summary>What is done to whole rows of pixels: of three bytes as images have them, or of four as decoders and encoders do.</summary>
internal static class PixelRows
{
    private const uint Alpha = 0xFF000000u;

    /// <summary>A pixel of four bytes: red, green, blue, 255.</summary>
    public static uint WithAlpha(Rgb colour) => Alpha | ((uint)colour.B << 16) | ((uint)colour.G << 8) | colour.R;

    /// <summary>Leaves the fourth byte of each pixel out.</summary>
    public static void DropAlpha(ReadOnlySpan<uint> rgba, Span<Rgb> rgb) =>
        PixelConversion.ToRgb(MemoryMarshal.AsBytes(rgba[..rgb.Length]), PixelFormat.Rgba, MemoryMarshal.AsBytes(rgb));

    /// <summary>Gives each pixel a fourth byte of 255.</summary>
    public static void AddAlpha(ReadOnlySpan<Rgb> rgb, Span<uint> rgba)
    {
        Vector128<byte> order = Vector128.Create((byte)0, 1, 2, 0xFF, 3, 4, 5, 0xFF, 6, 7, 8, 0xFF, 9, 10, 11, 0xFF);
        ReadOnlySpan<byte> from = MemoryMarshal.AsBytes(rgb);
        int x = 0;
        for (; (x * 3) + 16 <= from.Length; x += 4)
            (Vector128.Shuffle(Vector128.Create(from.Slice(x * 3, 16)), order).AsUInt32() | Vector128.Create(Alpha)).CopyTo(rgba[x..]);
        for (; x < rgb.Length; x++)
            rgba[x] = WithAlpha(rgb[x]);
    }

    /// <summary>Replaces every pixel by its mean with a colour; halves are rounded up.</summary>
    /// <param name="pixels">Pixels of four bytes.</param>
    /// <param name="colour">A pixel of four bytes.</param>
    public static void Average(Span<uint> pixels, uint colour)
    {
        // a + b is twice what both have and once what one has; the shift lets no bit into the byte below.
        const uint WithoutHighest = 0x7F7F7F7F;
        var mask = new Vector<uint>(WithoutHighest);
        var other = new Vector<uint>(colour);
        int x = 0;
        for (; x + Vector<uint>.Count <= pixels.Length; x += Vector<uint>.Count)
        {
            var pixel = new Vector<uint>(pixels[x..]);
            ((pixel | other) - (((pixel ^ other) >> 1) & mask)).CopyTo(pixels[x..]);
        }

        for (; x < pixels.Length; x++)
            pixels[x] = (pixels[x] | colour) - (((pixels[x] ^ colour) >> 1) & WithoutHighest);
    }

    /// <summary>Sets marks to other than 0 where two rows differ; other marks stay.</summary>
    public static void MarkUnequal(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, Span<byte> marks)
    {
        int x = 0;
        for (; x + Vector<byte>.Count <= marks.Length; x += Vector<byte>.Count)
            (new Vector<byte>(marks[x..]) | (new Vector<byte>(a[x..]) ^ new Vector<byte>(b[x..]))).CopyTo(marks[x..]);
        for (; x < marks.Length; x++)
            marks[x] |= (byte)(a[x] ^ b[x]);
    }

    /// <summary>Subtracts a row from another, byte by byte and modulo 256.</summary>
    public static void Subtract(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, Span<byte> difference)
    {
        int x = 0;
        for (; x + Vector<byte>.Count <= difference.Length; x += Vector<byte>.Count)
            (new Vector<byte>(a[x..]) - new Vector<byte>(b[x..])).CopyTo(difference[x..]);
        for (; x < difference.Length; x++)
            difference[x] = (byte)(a[x] - b[x]);
    }
}
