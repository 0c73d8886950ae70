using System.Runtime.InteropServices;

namespace Sunet.Native.Interop.Cpu;

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
