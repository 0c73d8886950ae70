using Sunet.Native.Graphs;
using Sunet.Native.Interop.Cuda;
using Sunet.Native.Tensors;

namespace Sunet.Native.Backends.Cuda.Layout;

/// <summary>How a tensor lies in device memory, always with its channels innermost. Weights [K, C, R, S] are N = K, H = R, W = S.</summary>
/// <param name="IsBf16">Whether elements are bf16 rather than float32.</param>
/// <param name="N">Images.</param>
/// <param name="C">Channels.</param>
/// <param name="H">Rows.</param>
/// <param name="W">Columns.</param>
/// <param name="PixelStride">Elements between neighbouring pixels; more than the channels where it is a slice of a wider tensor.</param>
internal readonly record struct TensorLayout(bool IsBf16, int N, int C, int H, int W, int PixelStride)
{
    /// <summary>What every address is a multiple of, in bytes: values within others are laid so. Engines ask for no more.</summary>
    public const int Alignment = 16;

    public int ElementBytes => IsBf16 ? sizeof(ushort) : sizeof(float);

    public long Pixels => (long)N * H * W;

    /// <summary>From the first to the last element.</summary>
    public long Bytes => (((Pixels - 1) * PixelStride) + C) * ElementBytes;

    /// <summary>From one image to the next.</summary>
    public long ImageBytes => (long)H * W * PixelStride * ElementBytes;

    public CudnnDataType CudnnType => IsBf16 ? CudnnDataType.BFloat16 : CudnnDataType.Float32;

    /// <summary>Bytes up to the next address that may be a tensor's.</summary>
    public static long Aligned(long bytes) => RoundUp.ToMultiple(bytes, Alignment);

    /// <summary>An activation or its gradient.</summary>
    public static TensorLayout Of(CudaFormats layouts, Value value) =>
        Packed(layouts.IsBf16(value), value.Shape) with { PixelStride = layouts.PixelStride(value) };

    /// <summary>Weights [K, C, R, S] or [K, C], or anything else without gaps.</summary>
    public static TensorLayout Packed(bool isBf16, Shape s) => new(isBf16, s.Batch, s.Channels, s.Height, s.Width, s.Channels);

    /// <summary>One float32 element a channel.</summary>
    public static TensorLayout Vector(int channels) => new(false, 1, channels, 1, 1, channels);

    public override string ToString() =>
        $"[{N}, {C}, {H}, {W}] {(IsBf16 ? "bf16" : "float32")}{(PixelStride == C ? "" : $" with pixel stride {PixelStride}")}";
}
