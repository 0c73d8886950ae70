using Sunet.Native.Backends.Cuda.Driver;

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

    /// <summary>Three blocks for each of an H100's 132 multiprocessors, which hold three at once; 1024 took up to half as long again.</summary>
    private const int MaxChunks = 396;

    private const int FinishChannels = 8;

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

    private static (int Rows, int Tiles) Tile(in CudaActivation activation)
    {
        int groups = activation.Channels / activation.Lanes, tiles = (groups + Block - 1) / Block;
        return (Block / ((groups + tiles - 1) / tiles), tiles);
    }

    private static long Blocks(long count, long each) => (count + each - 1) / each;

    private static int Clamp(long blocks, int most) => (int)Math.Clamp(blocks, 1, most);
}
