using Sunet.Native.Backends.Shared;
using Sunet.Native.Graphs;
using Sunet.Native.Interop.Cpu;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Native.Backends.Cpu.Layout;

/// <summary>
/// How the values of one graph lie in memory. Activations lie in the blocked layout that oneDNN's convolutions are fastest in; what meets
/// the outside or is worked on pixel by pixel (images, full-size logits, probabilities) is row-major; weights lie as their forward
/// convolution wants them, or as copies are made fastest where all convolutions read copies. Activations and images are bfloat16 where that
/// is the precision, but for what is computed per pixel over all classes. <see cref="ValueViews"/> have no memory of their own. Owns the
/// formats that convolutions have settled.
/// </summary>
internal sealed class CpuFormats : IValueLayouts, IDisposable
{
    /// <summary>How the library calls every format that oneDNN has no name for.</summary>
    private const string UnnamedFormat = "strided";

    private readonly Precision precision;
    private readonly bool multipliesFloat16;
    private readonly int channelBlock;
    private readonly NativeLayout activationLayout;
    private readonly ValueViews views;
    private readonly Dictionary<Value, (CpuFormatHandle Format, NativeType Type)> settled = [];

    /// <summary>Fewer pixels leave nothing to share among threads.</summary>
    private const int FewestPixels = 512;

    /// <param name="graph">What runs.</param>
    /// <param name="precision">Of activations.</param>
    /// <param name="fuseNormalization">Whether batch-norms may be left to what reads them: convolutions and gradients of weights.</param>
    /// <param name="multipliesFloat16">Whether convolutions are made in float16: those normalise whatever their kernel.</param>
    /// <param name="channelBlock">Channels that lie side by side: 16 or 8.</param>
    public CpuFormats(Graph graph, Precision precision, bool fuseNormalization, bool multipliesFloat16, int channelBlock)
    {
        this.precision = precision;
        this.multipliesFloat16 = multipliesFloat16;
        this.channelBlock = channelBlock;
        activationLayout = channelBlock == 16 ? NativeLayout.Blocked16 : NativeLayout.Blocked8;
        views = new ValueViews(graph, CanLieWithin);
        if (!fuseNormalization)
            return;
        Dictionary<Value, List<Op>> readers = graph.Readers();
        for (int i = 0; i + 1 < graph.Ops.Count; i++)
        {
            // The reader follows at once, so that nothing overwrites the source before it is read.
            if (graph.Ops[i] is BatchNormApply norm && CanNormalize(norm, graph.Ops[i + 1]) && readers[norm.Output].Count == 1)
                views.LeaveToReader(norm.Output, norm.X);
        }
    }

    /// <summary>The description of a value whose layout is chosen here.</summary>
    public NativeTensor TensorOf(Value value) =>
        Describe(value.Shape, value.Shape.Rank == 4 ? LayoutOf(value) : NativeLayout.Plain) with { Type = TypeOf(value) };

    /// <summary>The type of a float32 value's elements in memory; float32 for all others, whose elements are as their type says.</summary>
    public NativeType TypeOf(Value value)
    {
        if (views.IsUnmade(value))
            return TypeOf(views.Of(value)!.Value.Host);
        if (settled.TryGetValue(value.GradientOf ?? value, out (CpuFormatHandle, NativeType Type) found))
            return found.Type;
        return IsBf16(value) ? NativeType.BFloat16 : NativeType.Float32;
    }

    /// <summary>The description of a value's elements outside: float32, row-major.</summary>
    public static NativeTensor OutsideOf(Value value) => Describe(value.Shape, NativeLayout.Plain);

    /// <summary>
    /// The description of float32 weights of which all convolutions read copies: row-major for copies in float16, whole blocks for oneDNN's
    /// in bfloat16, whose gradients are written so.
    /// </summary>
    public NativeTensor CopiedWeights(Value weights)
    {
        bool blocked = !multipliesFloat16 && channelBlock == 16 && weights.Shape[0] % 16 == 0 && weights.Shape[1] % 16 == 0;
        return OutsideOf(weights) with { Layout = blocked ? NativeLayout.Weights16 : NativeLayout.Plain };
    }

    /// <summary>The format of weights or their gradient once a convolution has settled it; null before.</summary>
    public CpuFormatHandle? SettledFormat(Value value) =>
        settled.TryGetValue(value.GradientOf ?? value, out (CpuFormatHandle Format, NativeType) found) ? found.Format : null;

    /// <summary>Settles the format of weights; the handle belongs to this object from here on.</summary>
    public void Settle(Value value, CpuFormatHandle format, NativeType type) => settled.Add(value.GradientOf ?? value, (format, type));

    /// <summary>Whether the value is never made, its reader taking the value it would be made from.</summary>
    public bool IsUnmade(Value value) => views.IsUnmade(value);

    /// <summary>Where the value lies within another.</summary>
    public (Value Host, long Offset)? ViewOf(Value value) => views.Of(value) is not var (host, channel)
        ? null
        : (host, (long)channel * value.Shape.Height * value.Shape.Width * ElementBytes(value));

    /// <summary>All bytes of a value, rounded-up channels included; those of its source for one that is never made.</summary>
    public long BytesOf(Value value)
    {
        if (views.IsUnmade(value))
            return BytesOf(views.Of(value)!.Value.Host);
        if (SettledFormat(value) is { } format)
            return format.Bytes;
        NativeTensor tensor = TensorOf(value);
        int block = tensor.Layout switch
        {
            NativeLayout.Blocked16 => 16,
            NativeLayout.Blocked8 => 8,
            _ => 1,
        };
        return value.Shape.Count / value.Shape.Channels * RoundUp.ToMultiple(value.Shape.Channels, block) * ElementBytes(value);
    }

    /// <summary>Bytes of one element in memory.</summary>
    public int ElementBytes(Value value) => TypeOf(value) == NativeType.BFloat16 ? sizeof(ushort) : value.Type.Bytes();

    /// <summary>Describes the format of a value, for example <c>aBcd16b</c> or <c>aBcd16b bf16</c>.</summary>
    public string FormatOf(Value value)
    {
        if (views.IsUnmade(value))
            return "not made";
        if (SettledFormat(value) is { } format)
            return format.Describe();
        NativeTensor tensor = TensorOf(value);
        string name = tensor.Layout switch
        {
            NativeLayout.Blocked16 => "aBcd16b",
            NativeLayout.Blocked8 => "aBcd8b",
            NativeLayout.Nhwc => "acdb",
            _ => "abcd"[..value.Shape.Rank],
        };
        if (tensor.Type == NativeType.BFloat16)
            name += " bf16";
        return views.Of(value) is { } view ? $"{name} in {view.Host.Shape.Channels}" : name;
    }

    /// <summary>The name where it belongs to one format alone; else null.</summary>
    public string? SharedFormatOf(Value value) => FormatOf(value) is var name && name != UnnamedFormat ? name : null;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach ((CpuFormatHandle format, _) in settled.Values)
            format.Dispose();
        settled.Clear();
    }

    /// <summary>
    /// A range of whole blocks of one image lies like a tensor of its own; of several images it would have gaps, for which oneDNN's
    /// convolutions have no fast implementation.
    /// </summary>
    private bool CanLieWithin(Value part, Value host, int channel) => host.Shape.Batch == 1 && channel % channelBlock == 0
        && part.Shape.Channels % channelBlock == 0 && LayoutOf(part) == activationLayout && LayoutOf(host) == activationLayout
        && IsBf16(part) == IsBf16(host);

    /// <summary>
    /// Whether a convolution, or the gradient of its weights, can make of its source, part by part, what a batch-norm would have made of
    /// all of it before.
    /// </summary>
    private bool CanNormalize(BatchNormApply norm, Op reader)
    {
        if (norm.X.Shape.Channels % channelBlock != 0 || LayoutOf(norm.X) != activationLayout)
            return false;
        return reader switch
        {
            // What accumulates onto the source would overwrite rows that are still to be read.
            Convolution c => ReferenceEquals(c.X, norm.Output) && LayoutOf(c.Output) == activationLayout
                && !ReferenceEquals(c.Accumulator, norm.X) && (multipliesFloat16 || IsNormalizedInFloat32(c)),
            ConvolutionWeightGradient w =>
                ReferenceEquals(w.X, norm.Output) && multipliesFloat16 && LayoutOf(w.Dy) == activationLayout,
            _ => false,
        };
    }

    /// <summary>Whether a convolution is one that normalises by itself in float32: dense, 1x1, without an accumulator.</summary>
    private bool IsNormalizedInFloat32(Convolution c)
    {
        ConvolutionGeometry geometry = c.Geometry;
        Shape from = c.X.Shape, kernel = c.Weights.Shape;
        return c.Accumulator is null && (kernel[2], kernel[3]) == (1, 1) && geometry.Stride == (1, 1) && geometry.PaddingBegin == (0, 0)
            && geometry.PaddingEnd == (0, 0) && c.Output.Shape.Channels % channelBlock == 0
            && (long)from.Batch * from.Height * from.Width >= FewestPixels;
    }

    private static NativeTensor Describe(Shape s, NativeLayout layout) => s.Rank switch
    {
        1 => NativeTensor.Vector(s[0]),
        2 => NativeTensor.Matrix(s[0], s[1]),
        3 => new NativeTensor(s[0], 1, s[1], s[2], layout),
        _ => new NativeTensor(s[0], s[1], s[2], s[3], layout),
    };

    private bool IsBf16(Value value) => NarrowValues.IsBf16(value, precision);

    /// <summary>
    /// Blocked layouts serve convolutions; single pixels, images, and what is computed per pixel over all classes stay row-major.
    /// </summary>
    private NativeLayout LayoutOf(Value value)
    {
        bool plain = (value.Shape.Height, value.Shape.Width) == (1, 1) || value.Producer is null or { IsRowMajor: true }
            || (value.Producer.LaidOutLike is { } like && LayoutOf(like) == NativeLayout.Plain);
        return plain ? NativeLayout.Plain : activationLayout;
    }
}
