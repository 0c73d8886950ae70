using System.Numerics;
using System.Runtime.InteropServices;
using CommunityToolkit.HighPerformance;

namespace Sunet.Cli.Runs.Reporting.Scores;

/// <summary>
/// Finds the pixels near a border of a label map: those with a pixel of another label in the square around them. Its memory is used again
/// for the next map.
/// </summary>
/// <param name="distance">The pixels from the middle of the square to its sides.</param>
internal sealed class BorderBand(int distance)
{
    private byte[] lowest = [], highest = [], padded = [], band = [];

    /// <summary>Marks the pixels near a border; ignored pixels have a label like any other.</summary>
    /// <param name="labels">[H, W].</param>
    /// <returns>[H * W], row by row: not 0 near a border. It is valid until the next call.</returns>
    public ReadOnlySpan<byte> Mark(ReadOnlySpan2D<byte> labels)
    {
        (int height, int width) = (labels.Height, labels.Width);
        Reserve(height * width, width + (2 * distance));
        for (int y = 0; y < height; y++)
        {
            FilterRow(labels.GetRowSpan(y), Row(lowest, y, width), largest: false);
            FilterRow(labels.GetRowSpan(y), Row(highest, y, width), largest: true);
        }

        // A square has one label where its lowest and its highest are the same.
        Span<byte> low = padded.AsSpan(0, width), high = new byte[width];
        for (int y = 0; y < height; y++)
        {
            Row(lowest, y, width).CopyTo(low);
            Row(highest, y, width).CopyTo(high);
            for (int other = Math.Max(0, y - distance); other <= Math.Min(height - 1, y + distance); other++)
            {
                Combine(low, Row(lowest, other, width), low, largest: false);
                Combine(high, Row(highest, other, width), high, largest: true);
            }

            Span<byte> marks = Row(band, y, width);
            for (int x = 0; x < width; x++)
                marks[x] = (byte)(low[x] ^ high[x]);
        }

        return band.AsSpan(0, height * width);
    }

    private static Span<byte> Row(byte[] plane, int y, int width) => plane.AsSpan(y * width, width);

    private void Reserve(int pixels, int paddedWidth)
    {
        if (padded.Length < paddedWidth)
            padded = new byte[paddedWidth];
        if (band.Length < pixels)
            (lowest, highest, band) = (new byte[pixels], new byte[pixels], new byte[pixels]);
    }

    /// <summary>The lowest or highest label of a row from so many pixels left to so many right of each pixel.</summary>
    private void FilterRow(ReadOnlySpan<byte> labels, Span<byte> result, bool largest)
    {
        Span<byte> row = padded.AsSpan(0, labels.Length + (2 * distance));
        row[..distance].Fill(labels[0]);
        labels.CopyTo(row[distance..]);
        row[^distance..].Fill(labels[^1]);

        // A window of twice the width is two windows beside each other, and any other width two that overlap.
        int window = (2 * distance) + 1, done = 1;
        while (done < window)
        {
            int step = Math.Min(done, window - done);
            Combine(row[..^step], row[step..], row[..^step], largest);
            done += step;
        }

        row[..labels.Length].CopyTo(result);
    }

    /// <summary>The smaller or larger of each two bytes; the result may be the first of the two.</summary>
    private static void Combine(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, Span<byte> result, bool largest)
    {
        ReadOnlySpan<Vector<byte>> a = MemoryMarshal.Cast<byte, Vector<byte>>(first), b = MemoryMarshal.Cast<byte, Vector<byte>>(second);
        Span<Vector<byte>> r = MemoryMarshal.Cast<byte, Vector<byte>>(result);
        for (int i = 0; i < r.Length; i++)
            r[i] = largest ? Vector.Max(a[i], b[i]) : Vector.Min(a[i], b[i]);
        for (int i = r.Length * Vector<byte>.Count; i < result.Length; i++)
            result[i] = largest ? Math.Max(first[i], second[i]) : Math.Min(first[i], second[i]);
    }
}
