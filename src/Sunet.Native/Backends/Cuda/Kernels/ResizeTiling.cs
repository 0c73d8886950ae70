using Sunet.Native.Tensors;

namespace Sunet.Native.Backends.Cuda.Kernels;

/// <summary>
/// How blocks share a bilinear resize: each takes some columns of one row and some of their channels, whose samples fit its shared memory.
/// </summary>
/// <param name="Tile">Columns of a block.</param>
/// <param name="Chunk">Channels of a block.</param>
/// <param name="Blocks">Blocks that take it all in one go, as far as a grid goes.</param>
internal readonly record struct ResizeTiling(int Tile, int Chunk, int Blocks)
{
    /// <summary>Sizes up to here keep positions, in halves of a step, within 31 bits.</summary>
    public const int MaxSide = 32767;

    private const int MaxTile = 256, MaxChunk = 256, SharedFloats = 4096;

    /// <summary>For the resize itself: a block holds a blend of two rows of the source, as wide as its columns sample.</summary>
    public static ResizeTiling Forward(Shape from, Shape to)
    {
        int chunk = ChunkOf(to.Channels), columns = SharedFloats / chunk;
        int tile = (int)Math.Clamp(((long)(columns - 2) * to.Width / from.Width) + 1, 1, Math.Min(MaxTile, to.Width));
        return new ResizeTiling(tile, chunk, CudaGrid.RowTiles(to, tile, chunk));
    }

    /// <summary>For the resize and the choice of the largest channel at once: a block goes through all channels.</summary>
    public static ResizeTiling ForwardOfAllChannels(Shape from, Shape to)
    {
        ResizeTiling tiling = Forward(from, to);
        return tiling with { Blocks = CudaGrid.RowTiles(to, tiling.Tile, to.Channels) };
    }

    /// <summary>For the gradient: a thread owns one channel of a column.</summary>
    public static ResizeTiling Backward(Shape gradient)
    {
        int chunk = ChunkOf(gradient.Channels), tile = Math.Min(MaxTile / chunk, gradient.Width);
        return new ResizeTiling(tile, chunk, CudaGrid.RowTiles(gradient, tile, chunk));
    }

    /// <summary>Chunks of equal size, as far as possible.</summary>
    private static int ChunkOf(int channels) => Pieces(channels, Pieces(channels, MaxChunk));

    private static int Pieces(int count, int size) => (int)CudaGrid.Blocks(count, size);
}
