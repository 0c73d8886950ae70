namespace Sunet.Native.Inference;

/// <summary>
/// How one side of an image is cut: where tiles of one length begin, and how much each has to say at each of its pixels. The weights of
/// all tiles at a pixel add up to 1; those of an image are the products of its two sides' weights.
/// </summary>
internal sealed class TileAxis
{
    /// <summary>
    /// Pixels that the smallest feature map of a network takes one from: stem, residual block, a pool before each of two modules that halve
    /// twice. A tile that begins at a multiple has its feature maps where the whole image has them.
    /// </summary>
    private const int Grid = 64;

    private readonly float[][] weights;

    private TileAxis(int size, int tile, int pad, int[] starts, Func<int, double> weight)
    {
        Size = size;
        Tile = tile;
        Pad = pad;
        Starts = starts;
        var sums = new double[Math.Max(size, tile)];
        foreach (int start in starts)
        {
            for (int i = 0; i < tile; i++)
                sums[start + i] += weight(i);
        }

        weights = [.. starts.Select(s => Enumerable.Range(0, tile).Select(i => (float)(weight(i) / sums[s + i])).ToArray())];
        LargestOverlap = Enumerable.Range(0, starts.Length - 1).Select(Overlap).DefaultIfEmpty(0).Max();
    }

    /// <summary>Pixels of the image.</summary>
    public int Size { get; }

    /// <summary>Pixels of a tile.</summary>
    public int Tile { get; }

    /// <summary>Pixels of padding before the image, where it is shorter than a tile; the rest of the padding lies behind it.</summary>
    public int Pad { get; }

    /// <summary>First pixels of the tiles, rising, in the padded image.</summary>
    public IReadOnlyList<int> Starts { get; }

    /// <summary>The most pixels that two neighbours share.</summary>
    public int LargestOverlap { get; }

    /// <summary>
    /// Tiles that overlap by <paramref name="overlap"/> or more, weighted 1 inside and falling linearly over the overlap towards their
    /// ends. All but the last begin at multiples of 64, where they compute what the whole image would.
    /// </summary>
    public static TileAxis Blended(int size, int tile, int overlap)
    {
        int stride = AlignDown(tile - overlap);
        tile = Math.Min(tile, size);
        return new TileAxis(size, tile, 0, Positions(size, tile, stride),
            i => Math.Min(1, (Math.Min(i, tile - 1 - i) + 1.0) / (overlap + 1)));
    }

    /// <summary>
    /// Crops at equal distances, the last one moved back to end with the image, all of one weight. An image that is shorter than a crop
    /// lies in the middle of one.
    /// </summary>
    public static TileAxis Crops(int size, int crop, int stride) =>
        new(size, crop, Math.Max(0, crop - size) / 2, Positions(size, crop, stride), _ => 1);

    /// <summary>What a tile has to say at each of its pixels.</summary>
    public ReadOnlySpan<float> Weights(int index) => weights[index];

    /// <summary>How many pixels a tile shares with the next one.</summary>
    public int Overlap(int index) => Starts[index] + Tile - Starts[index + 1];

    /// <summary>Pixels of a tile that no later one reaches.</summary>
    public int Owned(int index) => index == Starts.Count - 1 ? Tile : Starts[index + 1] - Starts[index];

    /// <summary>Equal distances, but for the last one, which ends with the image.</summary>
    private static int[] Positions(int size, int tile, int stride)
    {
        int last = Math.Max(0, size - tile);
        return [.. Enumerable.Range(0, ((last + stride - 1) / stride) + 1).Select(i => Math.Min(i * stride, last))];
    }

    private static int AlignDown(int distance) => distance < Grid ? distance : distance / Grid * Grid;
}
