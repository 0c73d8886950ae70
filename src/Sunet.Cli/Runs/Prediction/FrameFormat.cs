using System.Runtime.InteropServices;
using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Cli.Runs.Prediction;

/// <summary>
/// How the pixels of a raw frame lie in memory, by the names that ffmpeg has for it. Rows follow one another without gaps.
/// </summary>
/// <param name="Name">The name.</param>
/// <param name="PixelBytes">Bytes of a pixel.</param>
/// <param name="Red">The place of red within a pixel.</param>
/// <param name="Green">The place of green.</param>
/// <param name="Blue">The place of blue.</param>
internal sealed record FrameFormat(string Name, int PixelBytes, int Red, int Green, int Blue)
{
    private const int AlphaPlace = 3;
    private const byte Opaque = 255;

    /// <summary>One byte a pixel: brightness, or a class index.</summary>
    public static FrameFormat Gray { get; } = new("gray8", 1, 0, 0, 0);

    /// <summary>Red, green and blue.</summary>
    public static FrameFormat Rgb24 { get; } = new("rgb24", 3, 0, 1, 2);

    /// <summary>All formats.</summary>
    public static IReadOnlyList<FrameFormat> All { get; } =
        [Rgb24, new("bgr24", 3, 2, 1, 0), new("rgba", 4, 0, 1, 2), new("bgra", 4, 2, 1, 0), Gray];

    /// <summary>Reads pixels; brightness becomes red, green and blue alike, and the fourth byte of a pixel is left out.</summary>
    /// <param name="raw">Pixels of this format.</param>
    /// <param name="pixels">Receives as many.</param>
    public void Unpack(ReadOnlySpan<byte> raw, Span<Rgb> pixels)
    {
        if (this == Rgb24)
        {
            raw.CopyTo(MemoryMarshal.AsBytes(pixels));
            return;
        }

        (int step, int red, int green, int blue) = (PixelBytes, Red, Green, Blue);
        for (int i = 0, at = 0; i < pixels.Length; i++, at += step)
            pixels[i] = new Rgb(raw[at + red], raw[at + green], raw[at + blue]);
    }

    /// <summary>Writes pixels in this format, which has colours; a fourth byte is 255.</summary>
    /// <param name="rgba">Pixels of four bytes: red, green, blue, 255.</param>
    /// <param name="raw">Receives as many pixels.</param>
    public void Pack(ReadOnlySpan<uint> rgba, Span<byte> raw)
    {
        if (this == Rgb24)
        {
            PixelRows.DropAlpha(rgba, MemoryMarshal.Cast<byte, Rgb>(raw));
            return;
        }

        ReadOnlySpan<byte> from = MemoryMarshal.AsBytes(rgba);
        (int step, int red, int green, int blue) = (PixelBytes, Red, Green, Blue);
        for (int source = 0, at = 0; source < from.Length; source += sizeof(uint), at += step)
        {
            (raw[at + red], raw[at + green], raw[at + blue]) = (from[source], from[source + 1], from[source + 2]);
            if (step > AlphaPlace)
                raw[at + AlphaPlace] = Opaque;
        }
    }
}
