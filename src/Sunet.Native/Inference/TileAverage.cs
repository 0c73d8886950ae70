using Sunet.Native.Tensors;

namespace Sunet.Native.Inference;

/// <summary>Gives the class probabilities of tiles.</summary>
internal interface ITileSource
{
    /// <summary>Fills [classes, tile height, tile width] for the tile at a place of the padded image.</summary>
    void Predict(int top, int left, Span<float> probabilities);
}

/// <summary>Takes averaged probabilities, part by part, row of tiles by row of tiles, each pixel once.</summary>
internal interface ITileSink
{
    /// <summary>Takes a part.</summary>
    /// <param name="tile">Where it lies, [classes, ...].</param>
    /// <param name="part">Its place in the tile and in the image.</param>
    void Take(ReadOnlySpan<float> tile, in TilePart part);
}

/// <summary>A rectangle of a tile and of the image.</summary>
/// <param name="Offset">Its first element in a plane of the tile.</param>
/// <param name="RowStride">Elements between rows.</param>
/// <param name="PlaneStride">Elements between classes.</param>
/// <param name="Top">Its first row in the image.</param>
/// <param name="Left">Its first column in the image.</param>
/// <param name="Height">Rows.</param>
/// <param name="Width">Columns.</param>
internal readonly record struct TilePart(int Offset, int RowStride, int PlaneStride, int Top, int Left, int Height, int Width)
{
    /// <summary>One row of one class.</summary>
    public ReadOnlySpan<float> Row(ReadOnlySpan<float> tile, int category, int row) =>
        tile.Slice((category * PlaneStride) + Offset + (row * RowStride), Width);
}

/// <summary>
/// Averages the probabilities of overlapping tiles without a map of the whole image: beside the tile in work, only what its right and lower
/// neighbours will add to is kept. That is [classes, tile height, overlap] and [classes, overlap, image width].
/// </summary>
internal static class TileAverage
{
    public static void Run<TSource, TSink>(TileAxis rows, TileAxis columns, int classes, scoped TSource source, scoped ref TSink sink)
        where TSource : ITileSource, allows ref struct
        where TSink : ITileSink, allows ref struct
    {
        int plane = rows.Tile * columns.Tile;
        using HostFloats tile = HostBuffer.Allocate(new Shape(classes, rows.Tile, columns.Tile));
        using HostFloats right = Shared(classes, rows.Tile, columns.LargestOverlap);
        using HostFloats below = Shared(classes, rows.LargestOverlap, columns.Size);
        for (int r = 0; r < rows.Starts.Count; r++)
        {
            for (int c = 0; c < columns.Starts.Count; c++)
            {
                source.Predict(rows.Starts[r], columns.Starts[c], tile.Span);
                for (int k = 0; k < classes; k++)
                {
                    Span<float> map = tile.Span.Slice(k * plane, plane);
                    Weigh(map, rows.Weights(r), columns.Weights(c));
                    PassRight(map, columns, c, Part(right.Span, k, classes));
                    PassDown(map, rows, r, columns, c, Part(below.Span, k, classes));
                }

                sink.Take(tile.Span, Finished(rows, r, columns, c));
            }
        }
    }

    /// <summary>What neighbours share; nothing where none overlap.</summary>
    private static HostFloats Shared(int classes, int height, int width) =>
        Math.Min(height, width) == 0 ? new HostFloats(0) : HostBuffer.Allocate(new Shape(classes, height, width));

    private static Span<float> Part(Span<float> all, int category, int classes) =>
        all.Slice(category * (all.Length / classes), all.Length / classes);

    private static void Weigh(Span<float> map, ReadOnlySpan<float> rowWeights, ReadOnlySpan<float> columnWeights)
    {
        for (int y = 0; y < rowWeights.Length; y++)
        {
            Span<float> row = map.Slice(y * columnWeights.Length, columnWeights.Length);
            for (int x = 0; x < row.Length; x++)
                row[x] *= rowWeights[y] * columnWeights[x];
        }
    }

    /// <summary>Adds the columns that the left neighbour has left here, and keeps the columns shared with the right neighbour.</summary>
    private static void PassRight(Span<float> map, TileAxis columns, int c, Span<float> kept)
    {
        int width = columns.Tile, rows = map.Length / width, stride = columns.LargestOverlap;
        for (int y = 0; y < rows; y++)
        {
            Span<float> row = map.Slice(y * width, width), place = kept.Slice(y * stride, stride);
            if (c > 0)
                Add(place[..columns.Overlap(c - 1)], row);
            if (c < columns.Starts.Count - 1)
                row[columns.Owned(c)..].CopyTo(place);
        }
    }

    /// <summary>
    /// Adds the rows that the upper neighbour has left here, and keeps the rows shared with the lower one. Only columns that no tile
    /// further right reaches are complete, so only these are passed on.
    /// </summary>
    private static void PassDown(Span<float> map, TileAxis rows, int r, TileAxis columns, int c, Span<float> kept)
    {
        int width = Math.Min(columns.Owned(c), columns.Size), left = columns.Starts[c];
        for (int y = 0; r > 0 && y < rows.Overlap(r - 1); y++)
            Add(kept.Slice((y * columns.Size) + left, width), map[((y * columns.Tile) + columns.Pad)..]);
        for (int y = 0; r < rows.Starts.Count - 1 && y < rows.Overlap(r); y++)
            map.Slice(((rows.Owned(r) + y) * columns.Tile) + columns.Pad, width).CopyTo(kept[((y * columns.Size) + left)..]);
    }

    private static void Add(ReadOnlySpan<float> values, Span<float> sum) => Pixels.AddScaled(values, 1, sum);

    /// <summary>What no later tile reaches, without padding, which there is only where one tile covers a whole side.</summary>
    private static TilePart Finished(TileAxis rows, int r, TileAxis columns, int c)
    {
        int top = rows.Starts[r], left = columns.Starts[c];
        return new TilePart((rows.Pad * columns.Tile) + columns.Pad, columns.Tile, rows.Tile * columns.Tile, top, left,
            Math.Min(rows.Owned(r), rows.Size), Math.Min(columns.Owned(c), columns.Size));
    }
}
