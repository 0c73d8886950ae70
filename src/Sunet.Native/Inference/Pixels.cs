using System.Numerics;
using System.Runtime.InteropServices;
using CommunityToolkit.HighPerformance;
using CommunityToolkit.HighPerformance.Buffers;
using Sunet.Native.Tensors;

namespace Sunet.Native.Inference;

/// <summary>Loops over pixels and probability maps.</summary>
internal static class Pixels
{
    /// <summary>Values of a byte.</summary>
    private const int Levels = 256;

    /// <summary>[H, W] pixels to planes [3, H, W]: (value / 255 - mean) / deviation.</summary>
    public static void Normalise(ReadOnlySpan2D<Rgb> image, ImageNormalization normalization, Span<float> planes) =>
        Normalise(new ImagePixels(image), normalization, planes);

    /// <inheritdoc cref="Normalise(ReadOnlySpan2D{Rgb}, ImageNormalization, Span{float})"/>
    public static void Normalise(ImagePixels image, ImageNormalization normalization, Span<float> planes)
    {
        using SpanOwner<Rgb> row = SpanOwner<Rgb>.Allocate(image.Width);
        int plane = image.Height * image.Width;
        Span<float> levels = stackalloc float[3 * Levels];
        for (int colour = 0; colour < 3; colour++)
            FillLevels(normalization.Mean[colour], normalization.Deviation[colour], levels.Slice(colour * Levels, Levels));
        ReadOnlySpan<float> red = levels[..Levels], green = levels.Slice(Levels, Levels), blue = levels[(2 * Levels)..];
        for (int y = 0; y < image.Height; y++)
        {
            Span<Rgb> pixels = row.Span;
            image.RowTo(y, MemoryMarshal.AsBytes(pixels));
            Span<float> r = planes.Slice(y * image.Width, pixels.Length);
            Span<float> g = planes.Slice(plane + (y * image.Width), pixels.Length);
            Span<float> b = planes.Slice((2 * plane) + (y * image.Width), pixels.Length);
            for (int x = 0; x < pixels.Length; x++)
            {
                r[x] = red[pixels[x].R];
                g[x] = green[pixels[x].G];
                b[x] = blue[pixels[x].B];
            }
        }
    }

    /// <summary>Row-major integers.</summary>
    public static void Widen(ReadOnlySpan2D<byte> labels, Span<int> wide)
    {
        for (int y = 0; y < labels.Height; y++)
        {
            ReadOnlySpan<byte> from = labels.GetRowSpan(y);
            Span<int> to = wide.Slice(y * labels.Width, from.Length);
            for (int x = 0; x < from.Length; x++)
                to[x] = from[x];
        }
    }

    /// <summary>Mirrors every row of <paramref name="width"/> elements.</summary>
    public static void Flip(ReadOnlySpan<float> source, int width, Span<float> destination)
    {
        source.CopyTo(destination);
        for (int start = 0; start < source.Length; start += width)
            destination.Slice(start, width).Reverse();
    }

    /// <summary>sum += factor * source.</summary>
    public static void AddScaled(ReadOnlySpan<float> source, float factor, Span<float> sum)
    {
        ReadOnlySpan<Vector<float>> s = MemoryMarshal.Cast<float, Vector<float>>(source);
        Span<Vector<float>> d = MemoryMarshal.Cast<float, Vector<float>>(sum[..source.Length]);
        for (int i = 0; i < s.Length; i++)
            d[i] += s[i] * factor;
        for (int i = s.Length * Vector<float>.Count; i < source.Length; i++)
            sum[i] += source[i] * factor;
    }

    /// <summary>The index of the largest of <paramref name="classes"/> planes at each pixel of a row; the first of equals.</summary>
    /// <param name="planes">From the row's first pixel in the first plane.</param>
    /// <param name="stride">Elements between planes.</param>
    /// <param name="classes">How many planes.</param>
    /// <param name="row">Receives the indices.</param>
    public static void ArgMax(ReadOnlySpan<float> planes, int stride, int classes, Span<byte> row)
    {
        for (int x = 0; x < row.Length; x++)
        {
            int best = 0;
            for (int c = 1; c < classes; c++)
            {
                if (planes[(c * stride) + x] > planes[(best * stride) + x])
                    best = c;
            }

            row[x] = (byte)best;
        }
    }

    /// <summary>What every byte becomes, rounded once, so that the CPU's kernel for images of bytes gives the same bits.</summary>
    private static void FillLevels(double mean, double deviation, Span<float> levels)
    {
        for (int value = 0; value < levels.Length; value++)
            levels[value] = (float)(((value / 255.0) - mean) / deviation);
    }
}
