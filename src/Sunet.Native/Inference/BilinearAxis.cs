namespace Sunet.Native.Inference;

/// <summary>
/// Bilinear interpolation along one side, with pixel centres at halves and no smoothing, as PyTorch's <c>interpolate</c> with
/// <c>align_corners=False</c>: each pixel lies between two of the source.
/// </summary>
internal sealed class BilinearAxis
{
    public BilinearAxis(int from, int to)
    {
        From = from;
        To = to;
        Low = new int[to];
        High = new int[to];
        Fraction = new float[to];
        for (int i = 0; i < to; i++)
        {
            double at = Math.Max(0, ((i + 0.5) * from / to) - 0.5);
            Low[i] = Math.Min((int)at, from - 1);
            High[i] = Math.Min(Low[i] + 1, from - 1);
            Fraction[i] = (float)(at - Low[i]);
        }
    }

    /// <summary>Pixels of the source.</summary>
    public int From { get; }

    /// <summary>Pixels of the result.</summary>
    public int To { get; }

    /// <summary>The source pixel before each.</summary>
    public int[] Low { get; }

    /// <summary>The source pixel behind each.</summary>
    public int[] High { get; }

    /// <summary>How far each lies towards the one behind, in [0, 1).</summary>
    public float[] Fraction { get; }

    /// <summary>A row between two others.</summary>
    public static void Blend(ReadOnlySpan<float> low, ReadOnlySpan<float> high, float fraction, Span<float> row)
    {
        for (int x = 0; x < low.Length; x++)
            row[x] = low[x] + ((high[x] - low[x]) * fraction);
    }

    /// <summary>Resizes planes [channels, height, width].</summary>
    public static void Resize(ReadOnlySpan<float> planes, BilinearAxis rows, BilinearAxis columns, Span<float> line, Span<float> resized)
    {
        resized.Clear();
        int channels = resized.Length / (rows.To * columns.To);
        for (int c = 0; c < channels; c++)
        {
            ReadOnlySpan<float> plane = planes.Slice(c * rows.From * columns.From, rows.From * columns.From);
            for (int y = 0; y < rows.To; y++)
            {
                Blend(plane.Slice(rows.Low[y] * columns.From, columns.From), plane.Slice(rows.High[y] * columns.From, columns.From),
                    rows.Fraction[y], line);
                columns.AddRow(line, 1, resized.Slice(((c * rows.To) + y) * columns.To, columns.To));
            }
        }
    }

    /// <summary>sum += share * row, resized.</summary>
    public void AddRow(ReadOnlySpan<float> row, float share, Span<float> sum)
    {
        for (int x = 0; x < sum.Length; x++)
            sum[x] += (row[Low[x]] + ((row[High[x]] - row[Low[x]]) * Fraction[x])) * share;
    }
}
