using Sunet.Native.Interop.Cpu;
using Sunet.Native.Tensors;

namespace Sunet.Native.Tests.Interop.Cpu;

/// <summary>A convolution from the large side to the small one; a transposed convolution goes the other way.</summary>
public sealed record ConvolutionCase(
    int Batch, int LargeChannels, int SmallChannels, int Height, int Width, int Kernel, int Stride, int Dilation, int Top, int Left,
    int Bottom, int Right)
{
    public int SmallHeight => (Height + Top + Bottom - Dilation * (Kernel - 1) - 1) / Stride + 1;

    public int SmallWidth => (Width + Left + Right - Dilation * (Kernel - 1) - 1) / Stride + 1;

    /// <summary>Whether Winograd's algorithm knows it.</summary>
    public bool IsDense3x3 => (Kernel, Stride, Dilation) == (3, 1, 1);

    public Shape Large => new(Batch, LargeChannels, Height, Width);

    public Shape Small => new(Batch, SmallChannels, SmallHeight, SmallWidth);

    public Shape Weights => new(SmallChannels, LargeChannels, Kernel, Kernel);

    /// <summary>
    /// Odd sizes, strides 1 and 2, dilations 1 to 16, uneven padding, channels that fill no block, dilations oneDNN has no fast code for.
    /// </summary>
    public static IReadOnlyList<ConvolutionCase> All { get; } =
    [
        new(2, 16, 32, 8, 8, 3, 1, 1, 1, 1, 1, 1),
        new(1, 5, 7, 9, 11, 3, 1, 1, 1, 1, 1, 1),
        new(2, 17, 33, 7, 5, 1, 1, 1, 0, 0, 0, 0),
        new(2, 16, 48, 9, 7, 1, 2, 1, 0, 0, 0, 0),
        new(1, 19, 16, 13, 9, 3, 2, 1, 1, 1, 1, 1),
        new(2, 32, 16, 10, 12, 3, 2, 1, 0, 0, 1, 1),
        new(1, 16, 21, 11, 11, 3, 1, 2, 2, 2, 2, 2),
        new(1, 24, 16, 10, 13, 3, 1, 4, 4, 4, 4, 4),
        new(2, 32, 32, 17, 19, 3, 1, 8, 8, 8, 8, 8),
        new(1, 128, 128, 9, 10, 3, 1, 8, 8, 8, 8, 8),
        new(1, 16, 16, 12, 12, 3, 1, 2, 1, 0, 2, 3),
        new(1, 32, 16, 6, 6, 5, 2, 1, 2, 1, 1, 2),
        new(1, 16, 32, 7, 9, 3, 1, 16, 16, 16, 16, 16),
        new(1, 16, 16, 1, 1, 3, 1, 1, 1, 1, 1, 1),
        new(2, 8, 12, 15, 13, 3, 2, 1, 1, 1, 1, 1),
        new(2, 12, 8, 18, 17, 3, 1, 8, 8, 8, 8, 8),
    ];

    /// <summary>Every case in every layout a convolution of this machine may meet.</summary>
    public static MatrixTheoryData<ConvolutionCase, int> WithLayouts() =>
        new(All, [(int)NativeLayout.Plain, (int)Layouts.Blocked(), (int)NativeLayout.Nhwc]);

    internal NativeConvolution Convolution(NativeLayout layout, bool transposed = false, bool bias = false, bool relu = false)
    {
        NativeTensor large = new(Batch, LargeChannels, Height, Width, layout);
        NativeTensor small = new(Batch, SmallChannels, SmallHeight, SmallWidth, layout);
        return new NativeConvolution
        {
            Source = transposed ? small : large,
            Destination = transposed ? large : small,
            Weights = new NativeTensor(SmallChannels, LargeChannels, Kernel, Kernel, NativeLayout.Any),
            StrideHeight = Stride,
            StrideWidth = Stride,
            DilationHeight = Dilation,
            DilationWidth = Dilation,
            PaddingTop = Top,
            PaddingLeft = Left,
            PaddingBottom = Bottom,
            PaddingRight = Right,
            HasBias = bias ? 1 : 0,
            FusedRelu = relu ? 1 : 0,
        };
    }
}
