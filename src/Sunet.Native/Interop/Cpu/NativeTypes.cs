using System.Runtime.InteropServices;

namespace Sunet.Native.Interop.Cpu;

/// <summary>Mirrors <c>sunet_type</c>.</summary>
internal enum NativeType
{
    Float32 = 0,
    BFloat16 = 1,
    Int32 = 2,
    UInt8 = 3,
}

/// <summary>Mirrors <c>sunet_layout</c>: how [N, C, H, W] lie in memory.</summary>
internal enum NativeLayout
{
    Plain = 0,
    Blocked8 = 1,
    Blocked16 = 2,
    Nhwc = 3,
    Any = 4,
    Weights16 = 5,
}

/// <summary>Mirrors <c>sunet_argument</c>.</summary>
internal enum NativeArgument
{
    Source = 0,
    Weights = 1,
    Bias = 2,
    Destination = 3,
    Scratch = 4,
    Mean = 5,
    Variance = 6,
    Gamma = 7,
    Beta = 8,
}

/// <summary>Mirrors <c>sunet_message</c>: the caller's buffer for one zero-terminated UTF-8 sentence.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeMessage(byte* text, int capacity)
{
    /// <summary>What the library's sentences fit in.</summary>
    public const int Size = 512;

    public byte* Text = text;
    public int Capacity = capacity;

    public override readonly string ToString() => Marshal.PtrToStringUTF8((nint)Text) ?? "";
}

/// <summary>Mirrors <c>sunet_tensor</c>: a tensor without its data.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeTensor : IEquatable<NativeTensor>
{
    public int Dim0, Dim1, Dim2, Dim3;
    public int Rank;
    public NativeType Type;
    public NativeLayout Layout;

    /// <summary>Channels of the enclosing tensor if this is a slice of it; else 0.</summary>
    public int ChannelTotal;
    public int ChannelOffset;

    /// <summary>A float32 tensor of rank 4: [N, C, H, W], or weights in PyTorch's order.</summary>
    public NativeTensor(int n, int c, int h, int w, NativeLayout layout)
    {
        Dim0 = n;
        Dim1 = c;
        Dim2 = h;
        Dim3 = w;
        Rank = 4;
        Layout = layout;
    }

    /// <summary>A float32 vector.</summary>
    public static NativeTensor Vector(int length) => new() { Dim0 = length, Dim1 = 1, Dim2 = 1, Dim3 = 1, Rank = 1 };

    /// <summary>A float32 row-major matrix.</summary>
    public static NativeTensor Matrix(int rows, int columns) => new() { Dim0 = rows, Dim1 = columns, Dim2 = 1, Dim3 = 1, Rank = 2 };

    /// <summary><paramref name="channels"/> channels of this [N, C, H, W], from <paramref name="offset"/> on, where they lie.</summary>
    public readonly NativeTensor Slice(int offset, int channels)
    {
        NativeTensor slice = this;
        slice.ChannelTotal = ChannelTotal == 0 ? Dim1 : ChannelTotal;
        slice.ChannelOffset = ChannelOffset + offset;
        slice.Dim1 = channels;
        return slice;
    }

    public readonly bool Equals(NativeTensor other) =>
        (Dim0, Dim1, Dim2, Dim3, Rank) == (other.Dim0, other.Dim1, other.Dim2, other.Dim3, other.Rank)
        && (Type, Layout, ChannelTotal, ChannelOffset) == (other.Type, other.Layout, other.ChannelTotal, other.ChannelOffset);

    public override readonly bool Equals(object? obj) => obj is NativeTensor other && Equals(other);

    public override readonly int GetHashCode() =>
        HashCode.Combine(HashCode.Combine(Dim0, Dim1, Dim2, Dim3, Rank), Type, Layout, ChannelTotal, ChannelOffset);

    public override readonly string ToString() => $"[{Dim0}, {Dim1}, {Dim2}, {Dim3}] {Layout} {Type}";
}

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

/// <summary>Mirrors <c>sunet_counters</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeCountersData
{
    public long OutstandingBytes, OutstandingHandles, Allocations;
}

/// <summary>Mirrors <c>sunet_library_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeLibraryInfo
{
    public int Abi;
    public int OneDnnMajor, OneDnnMinor, OneDnnPatch;
    public int ChannelBlock;
    public int BFloat16;
    public int Float16;
    public int MaxThreads;
    public fixed byte Isa[32];
    public fixed byte OneDnnHash[48];
}

/// <summary>Mirrors <c>sunet_batch_norm_gradient</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeBatchNormGradient
{
    public NativeTensor XTensor, DyTensor, DxTensor, AddendTensor;
    public void* X, Dy;
    public float* Mean, Variance, Gamma, Beta;

    /// <summary>Added to dx; null for none.</summary>
    public void* Addend;

    /// <summary>Null: only the parameters' gradients; may be dy or addend.</summary>
    public void* Dx;

    /// <summary>Either or both null: not wanted.</summary>
    public float* DGamma, DBeta;

    /// <summary>2 C floats, needed where dgamma or dbeta is null.</summary>
    public float* Scratch;
    public float Epsilon;
    public int Relu;

    /// <summary>1: mean and variance are those of x and dx accounts for it; 0: constants.</summary>
    public int BatchStatistics;
}

/// <summary>Mirrors <c>sunet_sgd</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeSgd
{
    public float LearningRate, Momentum, Dampening, WeightDecay;
    public float GradientScale;
    public int Nesterov;
}
