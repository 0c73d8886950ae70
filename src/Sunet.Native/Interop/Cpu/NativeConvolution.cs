using System.Runtime.InteropServices;

namespace Sunet.Native.Interop.Cpu;

/// <summary>Mirrors <c>sunet_convolution</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeConvolution
{
    public NativeTensor Source, Weights, Destination;
    public int StrideHeight, StrideWidth;

    /// <summary>1 is dense.</summary>
    public int DilationHeight, DilationWidth;
    public int PaddingTop, PaddingLeft;
    public int PaddingBottom, PaddingRight;
    public int HasBias, FusedRelu, Accumulate, Inference, Winograd, Float16;
}
