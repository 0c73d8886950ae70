using Sunet.Native.Tensors;

namespace Sunet.Native.Backends.Cuda.Kernels;

/// <summary>Launches that change the layout or the element type of values, or copy some of their channels.</summary>
internal static class LayoutLaunches
{
    /// <summary>Row-major float32 [N, C, ...] to NHWC, in float32 or bfloat16.</summary>
    public static KernelLaunch ToNhwc(CudaKernels kernels, Shape shape, nint from, nint to, int pixelStride, bool bf16)
    {
        (int images, int channels, long pixels) = Extents(shape);
        return new KernelLaunch(kernels.Get("nchw_to_nhwc" + Suffix(bf16)), CudaGrid.Transposition(images, channels, pixels),
            CudaGrid.Block, from, to, pixelStride, images, channels, pixels);
    }

    /// <summary>NHWC in float32 or bfloat16 to row-major float32 [N, C, ...].</summary>
    public static KernelLaunch ToNchw(CudaKernels kernels, Shape shape, nint from, int pixelStride, bool bf16, nint to)
    {
        (int images, int channels, long pixels) = Extents(shape);
        return new KernelLaunch(kernels.Get("nhwc_to_nchw" + Suffix(bf16)), CudaGrid.Transposition(images, channels, pixels),
            CudaGrid.Block, from, pixelStride, to, images, channels, pixels);
    }

    /// <summary>Rounds float32 elements to bfloat16.</summary>
    public static KernelLaunch ToBf16(CudaKernels kernels, long count, nint from, nint to) =>
        new(kernels.Get("copy_to_bf16"), CudaGrid.Contiguous(count, 8), CudaGrid.Block, from, to, count);

    /// <summary>Makes bfloat16 elements the float32 ones that they are.</summary>
    public static KernelLaunch FromBf16(CudaKernels kernels, long count, nint from, nint to) =>
        new(kernels.Get("copy_from_bf16"), CudaGrid.Contiguous(count, 8), CudaGrid.Block, from, to, count);

    /// <summary>Copies pixels of channels.</summary>
    public static KernelLaunch CopyChannels(
        CudaKernels kernels, in CudaActivation from, nint source, in CudaActivation to, nint destination) => new(
        kernels.Get("copy_channels" + from.Suffix),
        CudaGrid.Elements(kernels.Device, from.Pixels * from.Channels, Math.Min(from.Lanes, to.Lanes)), CudaGrid.Block, source,
        from.Stride, destination, to.Stride, from.Pixels, from.Channels);

    private static string Suffix(bool bf16) => bf16 ? "_bf16" : "_f32";

    private static (int Images, int Channels, long Pixels) Extents(Shape shape) =>
        (shape[0], shape[1], shape.Count / shape[0] / shape[1]);
}
