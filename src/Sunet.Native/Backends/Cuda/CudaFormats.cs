using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Native.Backends.Cuda;

/// <summary>
/// How the values of one graph lie on the device. Images, activations and weights are NHWC; activations are bfloat16 where that is the
/// precision, but for what is computed per pixel over all classes. What is joined by a concatenation is written into the joined value at
/// once, and what a slice of a gradient takes is read from there. Logits that are resized only to find the likeliest class are never made:
/// that value is its source.
/// </summary>
internal sealed class CudaFormats
{
    private readonly CudaPrecision precision;
    private readonly Dictionary<Value, (Value Host, int Channel)> views = [];
    private readonly HashSet<Value> unmade = [];

    public CudaFormats(Graph graph, CudaPrecision precision)
    {
        this.precision = precision;
        HashSet<Value> excluded = [.. graph.Outputs];
        foreach (Op op in graph.Ops.Where(o => o.Accumulator is not null))
        {
            // Accumulation ties two values to one address already.
            excluded.Add(op.Accumulator!);
            excluded.Add(op.Output);
        }

        Dictionary<Value, List<Op>> readers = graph.Readers();
        foreach (Op op in graph.Ops)
        {
            if (op is ArgMax && op.Inputs[0] is { Producer: BilinearResize resize } resized && readers[resized].Count == 1
                && !excluded.Contains(resized) && resize.Inputs[0].Kind == ValueKind.Computed)
            {
                unmade.Add(resized);
                views.Add(resized, (resize.Inputs[0], 0));
            }
            else if (op is Concat && !excluded.Contains(op.Output))
                LayWithin(op.Output, op.Inputs, excluded);
            else if (op is ChannelSlice slice && !views.ContainsKey(slice.Inputs[0]) && !excluded.Contains(slice.Output))
                LayAt(slice.Output, slice.Inputs[0], slice.Offset);
        }
    }

    /// <summary>Whether the value's elements are bfloat16.</summary>
    public bool IsBf16(Value value)
    {
        if (precision != CudaPrecision.Bf16 || value.Type != DataType.Float32 || value.Shape.Rank != 4 || value.GradientOf is not null)
            return false;
        return value.Kind switch
        {
            ValueKind.Input => true,
            ValueKind.Computed => value.Producer switch
            {
                Softmax or SoftmaxGradient or SoftmaxCrossEntropyGradient or GlobalAveragePool or Linear or LinearDataGradient => false,
                // The image may be resized; logits are brought to full size in float32; probabilities stay what they are.
                BilinearResize resize => resize.Inputs[0] is { Kind: ValueKind.Input } or { Producer: NormalizeImage },
                _ => true,
            },
            _ => false,
        };
    }

    /// <summary>All bytes of a value; those of its source for one that is never made.</summary>
    public long BytesOf(Value value) => unmade.Contains(value)
        ? BytesOf(views[value].Host)
        : value.Shape.Count * (IsBf16(value) ? sizeof(ushort) : value.Type.Bytes());

    /// <summary>Elements between neighbouring pixels.</summary>
    public int PixelStride(Value value) => (views.TryGetValue(value, out (Value Host, int) view) ? view.Host : value).Shape.Channels;

    /// <summary>Where the value lies within another.</summary>
    public (Value Host, long Offset)? ViewOf(Value value) =>
        views.TryGetValue(value, out (Value Host, int Channel) view) ? (view.Host, (long)view.Channel * ElementBytes(value)) : null;

    /// <summary>Such as <c>nhwc bf16</c>.</summary>
    public string Describe(Value value)
    {
        if (unmade.Contains(value))
            return "not made";
        string order = value.Shape.Rank == 4 && value.Type == DataType.Float32 ? "nhwc" : "abcd"[..value.Shape.Rank];
        string type = IsBf16(value) ? "bf16" : value.Type switch
        {
            DataType.Float32 => "f32",
            DataType.Int32 => "s32",
            DataType.UInt8 => "u8",
            _ => "s64",
        };
        return views.TryGetValue(value, out (Value Host, int) view) ? $"{order} {type} in {view.Host.Shape.Channels}" : $"{order} {type}";
    }

    private void LayWithin(Value joined, IReadOnlyList<Value> parts, HashSet<Value> excluded)
    {
        bool hosts = views.Values.Any(v => parts.Contains(v.Host)) || views.ContainsKey(joined);
        if (hosts || parts.Distinct().Count() != parts.Count)
            return;
        int channel = 0;
        foreach (Value part in parts)
        {
            if (part.Kind == ValueKind.Computed && !views.ContainsKey(part) && !excluded.Contains(part))
                LayAt(part, joined, channel);
            channel += part.Shape.Channels;
        }
    }

    /// <summary>Only where 16-byte accesses stay aligned.</summary>
    private void LayAt(Value part, Value host, int channel)
    {
        int perAccess = 16 / ElementBytes(host);
        if (IsBf16(part) == IsBf16(host) && channel % perAccess == 0 && host.Shape.Channels % perAccess == 0)
            views.Add(part, (host, channel));
    }

    private int ElementBytes(Value value) => IsBf16(value) ? sizeof(ushort) : value.Type.Bytes();
}
