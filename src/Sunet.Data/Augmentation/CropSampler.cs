using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Sunet.Native.Tensors;

namespace Sunet.Data.Augmentation;

/// <summary>Resizes a crop, first along rows and then along columns, and changes its colours into network input.</summary>
/// <remarks>Multiplications and additions are never fused, so that the bits do not depend on the processor.</remarks>
internal sealed class CropSampler(ImageNormalization normalization)
{
    private const int Channels = 4;

    /// <summary>Fills one sample of a batch.</summary>
    /// <param name="image">[H, W] pixels of four bytes, of which the last does not count.</param>
    /// <param name="size">H and W.</param>
    /// <param name="reduction">The size of the image that the crop was drawn for, over that of this one.</param>
    /// <param name="crop">Which part, and what it is resized to.</param>
    /// <param name="flip">Whether the sample is mirrored.</param>
    /// <param name="colours">How its colours change.</param>
    /// <param name="sampleSize">The sample's height and width.</param>
    /// <param name="scratch">The calling thread's own.</param>
    /// <param name="sample">Receives [3, height, width].</param>
    public void Sample(
        ReadOnlySpan<byte> image, (int Height, int Width) size, int reduction, in ImageCrop crop, bool flip, in ColourChange colours,
        (int Height, int Width) sampleSize, CropScratch scratch, Span<float> sample)
    {
        double scale = 1.0 / reduction;
        (int height, int width) = sampleSize;
        ResizeAxis across = scratch.Across, down = scratch.Down;
        across.Prepare(size.Width, crop.Left * scale, crop.Width * scale, crop.ResizedWidth, crop.SampleLeft, width);
        down.Prepare(size.Height, crop.Top * scale, crop.Height * scale, crop.ResizedHeight, crop.SampleTop, height);
        int stride = Channels * width;
        Span<float> rows = scratch.ReserveRows((down.End - down.First) * stride);
        for (int y = down.First; y < down.End; y++)
            ResizeRow(image.Slice(y * size.Width * Channels, size.Width * Channels), across, rows.Slice((y - down.First) * stride, stride));

        Span<float> line = scratch.ReserveLine(stride);
        for (int y = 0; y < height; y++)
        {
            BlendRows(rows[((down.Start(y) - down.First) * stride)..], down.Weights(y), line);
            Separate(line, flip, y * width, height * width, sample);
        }

        ChangeColours(colours, sample);
    }

    private static void ResizeRow(ReadOnlySpan<byte> row, ResizeAxis axis, Span<float> resized)
    {
        ReadOnlySpan<uint> pixels = MemoryMarshal.Cast<byte, uint>(row);
        Span<Vector128<float>> samples = MemoryMarshal.Cast<float, Vector128<float>>(resized);
        for (int x = 0; x < samples.Length; x++)
        {
            ReadOnlySpan<float> weights = axis.Weights(x);
            ReadOnlySpan<uint> taps = pixels.Slice(axis.Start(x), weights.Length);
            Vector128<float> sum = Vector128<float>.Zero;
            for (int i = 0; i < taps.Length; i++)
            {
                Vector128<ushort> wide = Vector128.WidenLower(Vector128.CreateScalarUnsafe(taps[i]).AsByte());
                sum += Vector128.ConvertToSingle(Vector128.WidenLower(wide).AsInt32()) * Vector128.Create(weights[i]);
            }

            samples[x] = sum;
        }
    }

    private static void BlendRows(ReadOnlySpan<float> rows, ReadOnlySpan<float> weights, Span<float> line)
    {
        line.Clear();
        for (int i = 0; i < weights.Length; i++)
        {
            if (weights[i] == 0)
                continue;
            ReadOnlySpan<float> row = rows.Slice(i * line.Length, line.Length);
            ReadOnlySpan<Vector<float>> from = MemoryMarshal.Cast<float, Vector<float>>(row);
            Span<Vector<float>> to = MemoryMarshal.Cast<float, Vector<float>>(line);
            for (int x = 0; x < to.Length; x++)
                to[x] += from[x] * weights[i];
            for (int x = to.Length * Vector<float>.Count; x < line.Length; x++)
                line[x] += row[x] * weights[i];
        }
    }

    private static void Separate(ReadOnlySpan<float> line, bool flip, int at, int plane, Span<float> sample)
    {
        int width = line.Length / Channels;
        for (int colour = 0; colour < 3; colour++)
        {
            Span<float> row = sample.Slice((colour * plane) + at, width);
            for (int x = 0; x < width; x++)
                row[x] = line[(x * Channels) + colour];
            if (flip)
                row.Reverse();
        }
    }

    private void ChangeColours(in ColourChange colours, Span<float> sample)
    {
        int plane = sample.Length / 3;
        Span<float> red = sample[..plane], green = sample.Slice(plane, plane), blue = sample[(2 * plane)..];
        Span<float> m = stackalloc float[12];
        colours.ToMatrix(normalization, [Mean(red), Mean(green), Mean(blue)], m);
        Span<Vector<float>> r = MemoryMarshal.Cast<float, Vector<float>>(red);
        Span<Vector<float>> g = MemoryMarshal.Cast<float, Vector<float>>(green), b = MemoryMarshal.Cast<float, Vector<float>>(blue);
        for (int i = 0; i < r.Length; i++)
        {
            (Vector<float> x, Vector<float> y, Vector<float> z) = (r[i], g[i], b[i]);
            r[i] = (x * m[0]) + (y * m[1]) + (z * m[2]) + new Vector<float>(m[3]);
            g[i] = (x * m[4]) + (y * m[5]) + (z * m[6]) + new Vector<float>(m[7]);
            b[i] = (x * m[8]) + (y * m[9]) + (z * m[10]) + new Vector<float>(m[11]);
        }

        for (int i = r.Length * Vector<float>.Count; i < plane; i++)
        {
            (float x, float y, float z) = (red[i], green[i], blue[i]);
            red[i] = (x * m[0]) + (y * m[1]) + (z * m[2]) + m[3];
            green[i] = (x * m[4]) + (y * m[5]) + (z * m[6]) + m[7];
            blue[i] = (x * m[8]) + (y * m[9]) + (z * m[10]) + m[11];
        }
    }

    private static double Mean(ReadOnlySpan<float> plane)
    {
        double sum = 0;
        foreach (float value in plane)
            sum += value;
        return sum / plane.Length;
    }
}
