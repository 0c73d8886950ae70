using Sunet.Native.Graphs;
using Sunet.Native.Interop;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Native.Backends.Cpu;

/// <summary>
/// How the values of one graph lie in memory. Activations lie in the blocked layout that oneDNN's convolutions are fastest in; what meets
/// the outside or is worked on pixel by pixel (images, full-size logits, probabilities) is row-major; weights lie as their forward
/// convolution wants them, or row-major where convolutions read copies. Activations and images are bfloat16 where that is the precision,
/// but for what is computed per pixel over all classes. Owns the formats that convolutions have settled.
/// </summary>
/// <param name="precision">Of activations.</param>
/// <param name="channelBlock">Channels that lie side by side: 16 or 8.</param>
internal sealed class CpuFormats(CpuPrecision precision, int channelBlock) : IDisposable
{
    /// <summary>How the library calls every format that oneDNN has no name for.</summary>
    private const string UnnamedFormat = "strided";

    private const string Bf16Suffix = " bf16";

    private readonly NativeLayout activationLayout = channelBlock == 16 ? NativeLayout.Blocked16 : NativeLayout.Blocked8;
    private readonly Dictionary<Value, (CpuFormatHandle Format, NativeType Type)> settled = [];

    /// <summary>The description of a value whose layout is chosen here.</summary>
    public NativeTensor TensorOf(Value value) =>
        Describe(value.Shape, value.Shape.Rank == 4 ? LayoutOf(value) : NativeLayout.Plain) with { Type = TypeOf(value) };

    /// <summary>The type of a float32 value's elements in memory; float32 for all others, whose elements are as their type says.</summary>
    public NativeType TypeOf(Value value) =>
        settled.TryGetValue(value.GradientOf ?? value, out (CpuFormatHandle, NativeType Type) found) ? found.Type
        : IsBf16(value) ? NativeType.BFloat16
        : NativeType.Float32;

    /// <summary>The description of a value's elements outside: float32, row-major.</summary>
    public static NativeTensor OutsideOf(Value value) => Describe(value.Shape, NativeLayout.Plain);

    /// <summary>The format of weights or their gradient once a convolution has settled it; null before.</summary>
    public CpuFormatHandle? SettledFormat(Value value) =>
        settled.TryGetValue(value.GradientOf ?? value, out (CpuFormatHandle Format, NativeType) found) ? found.Format : null;

    /// <summary>Settles the format of weights; the handle belongs to this object from here on.</summary>
    public void Settle(Value value, CpuFormatHandle format, NativeType type) => settled.Add(value.GradientOf ?? value, (format, type));

    /// <summary>All bytes of a value, rounded-up channels included.</summary>
    public long BytesOf(Value value)
    {
        if (SettledFormat(value) is { } format)
            return format.Bytes;
        NativeTensor tensor = TensorOf(value);
        int block = tensor.Layout switch
        {
            NativeLayout.Blocked16 => 16,
            NativeLayout.Blocked8 => 8,
            _ => 1,
        };
        int bytes = tensor.Type == NativeType.BFloat16 ? sizeof(ushort) : value.Type.Bytes();
        return value.Shape.Count / value.Shape.Channels * ((value.Shape.Channels + block - 1) / block * block) * bytes;
    }

    /// <summary>Such as <c>aBcd16b</c> or <c>aBcd16b bf16</c>.</summary>
    public string NameOf(Value value)
    {
        if (SettledFormat(value) is { } format)
            return format.Describe();
        NativeTensor tensor = TensorOf(value);
        string order = tensor.Layout switch
        {
            NativeLayout.Blocked16 => "aBcd16b",
            NativeLayout.Blocked8 => "aBcd8b",
            NativeLayout.Nhwc => "acdb",
            _ => "abcd"[..value.Shape.Rank],
        };
        return tensor.Type == NativeType.BFloat16 ? order + Bf16Suffix : order;
    }

    /// <summary>The name where it belongs to one format alone; else null.</summary>
    public string? SharedNameOf(Value value) => NameOf(value) is var name && name != UnnamedFormat ? name : null;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach ((CpuFormatHandle format, _) in settled.Values)
            format.Dispose();
        settled.Clear();
    }

    private static NativeTensor Describe(Shape s, NativeLayout layout) => s.Rank switch
    {
        1 => NativeTensor.Vector(s[0]),
        2 => NativeTensor.Matrix(s[0], s[1]),
        3 => new NativeTensor(s[0], 1, s[1], s[2], layout),
        _ => new NativeTensor(s[0], s[1], s[2], s[3], layout),
    };

    private bool IsBf16(Value value)
    {
        if (precision != CpuPrecision.Bf16 || value.Type != DataType.Float32 || value.Shape.Rank != 4 || value.GradientOf is not null)
            return false;
        return value.Kind == ValueKind.Input || (value.Kind == ValueKind.Computed && value.Producer switch
        {
            Softmax or SoftmaxGradient or SoftmaxCrossEntropyGradient or GlobalAveragePool or Linear or LinearDataGradient => false,
            // The image may be resized; logits are brought to full size in float32.
            BilinearResize resize => resize.Inputs[0] is { Kind: ValueKind.Input } or { Producer: NormalizeImage },
            _ => true,
        });
    }

    /// <summary>
    /// Blocked layouts serve convolutions; single pixels, images, and what is computed per pixel over all classes stay row-major.
    /// </summary>
    private NativeLayout LayoutOf(Value value)
    {
        bool plain = value.Shape.Height * value.Shape.Width == 1 || value.Producer switch
        {
            null or NormalizeImage or Softmax or SoftmaxGradient or SoftmaxCrossEntropyGradient or Linear or LinearDataGradient => true,
            // These kernels take one layout for what they read and what they write.
            Relu or ReluGradient => LayoutOf(value.Producer.Inputs[0]) == NativeLayout.Plain,
            BilinearResize resize => resize.Output.Shape.Height > resize.Inputs[0].Shape.Height
                || LayoutOf(resize.Inputs[0]) == NativeLayout.Plain,
            _ => false,
        };
        return plain ? NativeLayout.Plain : activationLayout;
    }
}
