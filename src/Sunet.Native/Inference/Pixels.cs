using System.Numerics;
using System.Runtime.InteropServices;
using CommunityToolkit.HighPerformance;
using Sunet.Native.Tensors;

namespace Sunet.Native.Inference;

/// <summary>Loops over pixels and probability maps.</summary>
internal static class Pixels
{
    /// <summary>[H, W] pixels to planes [3, H, W]: (value / 255 - mean) / deviation.</summary>
    public static void Normalise(ReadOnlySpan2D<Rgb> image, ImageNormalization normalization, Span<float> planes)
    {
        int plane = image.Height * image.Width;
        (float sr, float or) = Affine(normalization, 0);
        (float sg, float og) = Affine(normalization, 1);
        (float sb, float ob) = Affine(normalization, 2);
        for (int y = 0; y < image.Height; y++)
        {
            ReadOnlySpan<Rgb> row = image.GetRowSpan(y);
            Span<float> r = planes.Slice(y * image.Width, row.Length);
            Span<float> g = planes.Slice(plane + (y * image.Width), row.Length);
            Span<float> b = planes.Slice((2 * plane) + (y * image.Width), row.Length);
            for (int x = 0; x < row.Length; x++)
            {
                r[x] = (row[x].R * sr) + or;
                g[x] = (row[x].G * sg) + og;
                b[x] = (row[x].B * sb) + ob;
            }
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

    /// <summary>sum += factor * source with every row mirrored.</summary>
    public static void AddScaledFlipped(ReadOnlySpan<float> source, int width, float factor, Span<float> sum)
    {
        for (int start = 0; start < source.Length; start += width)
        {
            ReadOnlySpan<float> s = source.Slice(start, width);
            Span<float> d = sum.Slice(start, width);
            for (int x = 0; x < width; x++)
                d[x] += s[width - 1 - x] * factor;
        }
    }

    private static (float Scale, float Offset) Affine(ImageNormalization normalization, int channel)
    {
        double deviation = normalization.Deviation[channel];
        return ((float)(1 / (255 * deviation)), (float)(-normalization.Mean[channel] / deviation));
    }
}
