using Sunet.Native.Tensors;

namespace Sunet.Native.Backends.Cuda.Kernels;

/// <summary>Launches beside the graph's ops: changes of layout and element type, updates, checks.</summary>
internal static class CudaTransfer
{
    private const int Block = 256, Tile = 32, FewChannels = 8, MaxGrid = 1 << 16;

    /// <summary>Row-major float32 [N, C, ...] to NHWC, in float32 or bfloat16.</summary>
    public static KernelLaunch ToNhwc(CudaSession session, Shape shape, nint from, nint to, int pixelStride, bool bf16)
    {
        (int images, int channels, long pixels) = Extents(shape);
        return new KernelLaunch(Kernel(session, "nchw_to_nhwc", bf16), LayoutGrid(images, channels, pixels), Block,
            from, to, pixelStride, images, channels, pixels);
    }

    /// <summary>NHWC in float32 or bfloat16 to row-major float32 [N, C, ...].</summary>
    public static KernelLaunch ToNchw(CudaSession session, Shape shape, nint from, int pixelStride, bool bf16, nint to)
    {
        (int images, int channels, long pixels) = Extents(shape);
        return new KernelLaunch(Kernel(session, "nhwc_to_nchw", bf16), LayoutGrid(images, channels, pixels), Block,
            from, pixelStride, to, images, channels, pixels);
    }

    /// <summary>Rounds float32 elements to bfloat16.</summary>
    public static KernelLaunch ToBf16(CudaSession session, long count, nint from, nint to) =>
        new(session.Device.Kernels.Get("copy_to_bf16"), (Blocks(count, 8), 1, 1), Block, from, to, count);

    /// <summary>The float32 elements that bfloat16 ones are.</summary>
    public static KernelLaunch FromBf16(CudaSession session, long count, nint from, nint to) =>
        new(session.Device.Kernels.Get("copy_from_bf16"), (Blocks(count, 8), 1, 1), Block, from, to, count);

    /// <summary>y += x.</summary>
    public static KernelLaunch Accumulate(CudaSession session, long count, nint x, nint y) =>
        new(session.Device.Kernels.Get("accumulate"), (Blocks(count, 4), 1, 1), Block, x, y, count);

    /// <summary>Sets a flag if an element is NaN or infinite.</summary>
    public static KernelLaunch FiniteCheck(CudaSession session, bool bf16, long count, nint x, nint flag) =>
        new(Kernel(session, "finite_check", bf16), (Blocks(count, bf16 ? 8 : 4), 1, 1), Block, x, count, flag);

    /// <summary>One update of stochastic gradient descent; the rates lie on the device.</summary>
    public static KernelLaunch Sgd(
        CudaSession session, long count, nint parameters, nint copy, nint gradients, nint velocity, nint rates) =>
        new(session.Device.Kernels.Get("sgd_update"), (Blocks(count, 4), 1, 1), Block, parameters, gradients, velocity, copy, count, rates,
            session.Guard);

    private static CudaKernel Kernel(CudaSession session, string name, bool bf16) =>
        session.Device.Kernels.Get(name + (bf16 ? "_bf16" : "_f32"));

    private static (int Images, int Channels, long Pixels) Extents(Shape shape) =>
        (shape[0], shape[1], shape.Count / shape[0] / shape[1]);

    private static (int X, int Y, int Z) LayoutGrid(int images, int channels, long pixels) => channels <= FewChannels
        ? (Limited((pixels + Block - 1) / Block), 1, images)
        : (Limited((pixels + Tile - 1) / Tile), (channels + Tile - 1) / Tile, images);

    private static int Blocks(long count, int lanes) => Limited((count + (lanes * Block) - 1) / (lanes * Block));

    /// <summary>Kernels walk on by the grid's size, so that it may be smaller than the work.</summary>
    private static int Limited(long blocks) => (int)Math.Clamp(blocks, 1, MaxGrid);
}
