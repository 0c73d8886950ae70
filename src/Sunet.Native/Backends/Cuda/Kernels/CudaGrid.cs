using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Tensors;

namespace Sunet.Native.Backends.Cuda.Kernels;

/// <summary>
/// How many blocks kernels are launched with. Their results do not depend on it but through the number of chunks of a reduction, which
/// therefore follows from the shape alone: every device computes the same.
/// </summary>
internal static class CudaGrid
{
    /// <summary>Threads of a block.</summary>
    public const int Block = 256;

    /// <summary>Twice what fits a multiprocessor at once: enough that blocks which end early leave nothing idle.</summary>
    private const int BlocksPerMultiprocessor = 16;

    /// <summary>
    /// What fits one at once where threads keep to some channels: more blocks would read what they need per channel again. Measured on an
    /// H100, 16 a multiprocessor took 5 to 30 % longer.
    /// </summary>
    private const int ChannelBlocksPerMultiprocessor = 4;

    /// <summary>Pixels a thread should take, for what it reads per channel to be worth it.</summary>
    private const int PixelsPerThread = 4;

    private const int ElementsPerChunk = 16384;

    /// <summary>
    /// Three blocks for each of an H100's 132 multiprocessors, which hold three at once; 1024 took up to half as long again.
    /// </summary>
    private const int MaxChunks = 396;

    private const int FinishChannels = 8;

    /// <summary>Enough for kernels that copy or update; they walk on by the grid's size, so that it may be smaller than the work.</summary>
    private const int MaxContiguousBlocks = 1 << 16;

    /// <summary>Up to here a transposition gives each thread a pixel with all its channels.</summary>
    private const int FewChannels = 8;

    /// <summary>
    /// Up to here a transposition of more channels gives each thread a plane of pixels; from here on each block a square of both.
    /// </summary>
    private const int FewPixels = 16;

    /// <summary>Pixels, and channels, of a square that a block transposes.</summary>
    private const int TransposedTile = 32;

    /// <summary>The most blocks that take pixels in turns; by the shape alone, because sums of the loss follow it.</summary>
    private const int MaxPixelBlocks = 1024;

    /// <summary>Channels of a block that averages whole images.</summary>
    private const int MeanChannels = 32;

    /// <summary>For kernels that go over elements.</summary>
    public static (int X, int Y, int Z) Elements(CudaDevice device, long count, int lanes) =>
        (Clamp(Blocks(count, (long)Block * lanes), device.Multiprocessors * BlocksPerMultiprocessor), 1, 1);

    /// <summary>For kernels that go over rows one by one.</summary>
    /// <param name="rows">How many.</param>
    /// <param name="accesses">16-byte accesses to each.</param>
    public static (int X, int Y, int Z) Rows(long rows, long accesses) =>
        ((int)Blocks(accesses, Block), Clamp(rows, KernelLaunch.MaxGridYz), 1);

    /// <summary>For kernels whose threads keep to some channels.</summary>
    public static (int X, int Y, int Z) Channels(CudaDevice device, in CudaActivation activation)
    {
        (int rows, int tiles) = Tile(activation);
        int most = Math.Max(1, device.Multiprocessors * ChannelBlocksPerMultiprocessor / tiles);
        return (Clamp(Blocks(activation.Pixels, (long)rows * PixelsPerThread), most), tiles, 1);
    }

    /// <summary>The chunks of pixels that a reduction is made in.</summary>
    public static int Chunks(in CudaActivation activation) =>
        Clamp(Blocks(activation.Pixels * activation.Channels, ElementsPerChunk), MaxChunks);

    /// <summary>For the first stage of a reduction.</summary>
    public static (int X, int Y, int Z) Reduction(in CudaActivation activation) => (Chunks(activation), Tile(activation).Tiles, 1);

    /// <summary>For its second stage.</summary>
    public static (int X, int Y, int Z) Finish(int channels) => ((int)Blocks(channels, FinishChannels), 1, 1);

    /// <summary>For kernels that go over contiguous elements.</summary>
    /// <param name="count">How many.</param>
    /// <param name="lanes">Elements of an access.</param>
    public static (int X, int Y, int Z) Contiguous(long count, int lanes) =>
        (Clamp(Blocks(count, (long)Block * lanes), MaxContiguousBlocks), 1, 1);

    /// <summary>For changes between channels first and channels last.</summary>
    public static (int X, int Y, int Z) Transposition(int images, int channels, long pixels) =>
        channels <= FewChannels ? (Clamp(Blocks(pixels, Block), MaxContiguousBlocks), 1, images)
        : pixels <= FewPixels ? (Clamp(Blocks((long)images * channels, Block), MaxContiguousBlocks), 1, 1)
        : (Clamp(Blocks(pixels, TransposedTile), MaxContiguousBlocks), (int)Blocks(channels, TransposedTile), images);

    /// <summary>For kernels whose blocks take pixels in turns.</summary>
    /// <param name="pixels">How many.</param>
    /// <param name="each">Pixels of a block at a time.</param>
    public static (int X, int Y, int Z) Pixels(long pixels, int each) => (Clamp(Blocks(pixels, each), MaxPixelBlocks), 1, 1);

    /// <summary>For kernels whose blocks take one run of pixels each.</summary>
    /// <param name="pixels">How many.</param>
    /// <param name="tile">Pixels of a block.</param>
    public static (int X, int Y, int Z) PixelTiles(long pixels, int tile) => (Clamp(Blocks(pixels, tile), int.MaxValue), 1, 1);

    /// <summary>For averages over whole images.</summary>
    public static (int X, int Y, int Z) Means(int images, int channels) => (images * (int)Blocks(channels, MeanChannels), 1, 1);

    /// <summary>The blocks that take one tile of a row's columns and channels each, as far as a grid goes.</summary>
    public static int RowTiles(Shape written, int columns, int channels) =>
        Clamp((long)written.Batch * written.Height * Blocks(written.Width, columns) * Blocks(written.Channels, channels), int.MaxValue);

    /// <summary>The blocks that it takes where each does so much, the last perhaps less.</summary>
    public static long Blocks(long count, long each) => (count + each - 1) / each;

    private static (int Rows, int Tiles) Tile(in CudaActivation activation)
    {
        int groups = activation.Channels / activation.Lanes, tiles = (int)Blocks(groups, Block);
        return (Block / (int)Blocks(groups, tiles), tiles);
    }

    private static int Clamp(long blocks, int most) => (int)Math.Clamp(blocks, 1, most);
}
