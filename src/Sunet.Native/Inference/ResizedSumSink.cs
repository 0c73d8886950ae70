using CommunityToolkit.HighPerformance;

namespace Sunet.Native.Inference;

/// <summary>
/// Adds a share of the probabilities of a scaled image, resized, to a map [classes, height, width]; of the scaled image it keeps one row of
/// tiles and the last row above.
/// </summary>
internal ref struct ResizedSumSink : ITileSink
{
    private readonly Span<float> sum;
    private readonly Span<float> band;
    private readonly Span<float> line;
    private readonly BilinearAxis rows;
    private readonly BilinearAxis columns;
    private readonly int classes;
    private readonly float share;
    private int next;

    /// <param name="sum">Added to.</param>
    /// <param name="rows">From the scaled image's rows to the map's.</param>
    /// <param name="columns">From the scaled image's columns to the map's.</param>
    /// <param name="classes">Maps.</param>
    /// <param name="share">What the probabilities count.</param>
    /// <param name="band">Room for [classes, 1 + rows of a tile, scaled width].</param>
    /// <param name="line">Room for a row of the scaled image.</param>
    public ResizedSumSink(
        Span<float> sum, BilinearAxis rows, BilinearAxis columns, int classes, float share, Span<float> band, Span<float> line)
    {
        this.sum = sum;
        this.rows = rows;
        this.columns = columns;
        this.classes = classes;
        this.share = share;
        this.band = band;
        this.line = line;
    }

    public void Take(ReadOnlySpan<float> tile, in TilePart part)
    {
        int width = columns.From;
        for (int c = 0; c < classes; c++)
        {
            for (int y = 0; y < part.Height; y++)
                part.Row(tile, c, y).CopyTo(BandRow(c, 1 + y)[part.Left..]);
        }

        if (part.Left + part.Width < width)
            return;
        int end = part.Top + part.Height;
        for (; next < rows.To && rows.High[next] < end; next++)
            AddRow(next, part.Top - 1);
        for (int c = 0; c < classes; c++)
            BandRow(c, part.Height).CopyTo(BandRow(c, 0));
    }

    private readonly Span<float> BandRow(int category, int row)
    {
        int perClass = band.Length / classes;
        return band.Slice((category * perClass) + (row * columns.From), columns.From);
    }

    private readonly void AddRow(int y, int firstRow)
    {
        for (int c = 0; c < classes; c++)
        {
            BilinearAxis.Blend(BandRow(c, rows.Low[y] - firstRow), BandRow(c, rows.High[y] - firstRow), rows.Fraction[y], line);
            columns.AddRow(line, share, sum.Slice(((c * rows.To) + y) * columns.To, columns.To));
        }
    }
}
