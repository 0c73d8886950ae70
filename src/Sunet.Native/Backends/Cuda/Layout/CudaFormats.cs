using Sunet.Native.Backends.Shared;
using Sunet.Native.Graphs;
using Sunet.Native.Tensors;

namespace Sunet.Native.Backends.Cuda.Layout;

/// <summary>
/// How the values of one graph lie on the device. Images, activations and weights are NHWC; activations are bfloat16 where that is the
/// precision, but for what is computed per pixel over all classes. <see cref="ValueViews"/> have no memory of their own.
/// </summary>
internal sealed class CudaFormats : IValueLayouts
{
    private readonly Precision precision;
    private readonly ValueViews views;

    public CudaFormats(Graph graph, Precision precision)
    {
        this.precision = precision;
        views = new ValueViews(graph, CanLieWithin);
    }

    /// <summary>Whether the value's elements are bfloat16.</summary>
    public bool IsBf16(Value value) => NarrowValues.IsBf16(value, precision);

    /// <summary>All bytes of a value; those of its source for one that is never made.</summary>
    public long BytesOf(Value value) => views.IsUnmade(value)
        ? BytesOf(views.Of(value)!.Value.Host)
        : value.Shape.Count * (IsBf16(value) ? sizeof(ushort) : value.Type.Bytes());

    /// <summary>Elements between neighbouring pixels: the channels, or more where the value lies within another.</summary>
    public int PixelStride(Value value) => (views.Of(value)?.Host ?? value).Shape.Channels;

    /// <summary>Where the value lies within another.</summary>
    public (Value Host, long Offset)? ViewOf(Value value) =>
        views.Of(value) is var (host, channel) ? (host, (long)channel * ElementBytes(value)) : null;

    /// <summary>The order of a value's dimensions and its element type, such as <c>nhwc bf16</c>.</summary>
    public string FormatOf(Value value)
    {
        if (views.IsUnmade(value))
            return "not made";
        string order = value.Shape.Rank == 4 && value.Type == DataType.Float32 ? "nhwc" : "abcd"[..value.Shape.Rank];
        string type = IsBf16(value) ? "bf16" : value.Type switch
        {
            DataType.Float32 => "f32",
            DataType.Int32 => "s32",
            DataType.UInt8 => "u8",
            _ => "s64",
        };
        return views.Of(value) is { } view ? $"{order} {type} in {view.Host.Shape.Channels}" : $"{order} {type}";
    }

    /// <summary>The name of the value's format: parameters and buffers have one format each.</summary>
    public string? SharedFormatOf(Value value) => FormatOf(value);

    /// <summary>Only where 16-byte accesses stay aligned.</summary>
    private bool CanLieWithin(Value part, Value host, int channel)
    {
        int perAccess = 16 / ElementBytes(host);
        return IsBf16(part) == IsBf16(host) && channel % perAccess == 0 && host.Shape.Channels % perAccess == 0;
    }

    private int ElementBytes(Value value) => IsBf16(value) ? sizeof(ushort) : value.Type.Bytes();
}
