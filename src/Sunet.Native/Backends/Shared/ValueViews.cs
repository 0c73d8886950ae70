using Sunet.Native.Graphs;
using Sunet.Native.Ops;

namespace Sunet.Native.Backends.Shared;

/// <summary>
/// Which values of a graph need no memory of their own: what is joined by a concatenation may be written into the joined value at once, and
/// what a slice of a gradient takes be read from there. Logits that are resized only to find the likeliest class are never made: that value
/// is its source. Values tied to one address by accumulation stay out of it.
/// </summary>
internal sealed class ValueViews
{
    private readonly Dictionary<Value, (Value Host, int Channel)> views = [];
    private readonly HashSet<Value> unmade = [];
    private readonly HashSet<Value> excluded;
    private readonly Func<Value, Value, int, bool> canLieWithin;

    /// <param name="graph">The graph, as it will run.</param>
    /// <param name="canLieWithin">Whether the layouts allow a value (the first) to lie within another from a channel on.</param>
    public ValueViews(Graph graph, Func<Value, Value, int, bool> canLieWithin)
    {
        this.canLieWithin = canLieWithin;
        excluded = [.. graph.Outputs];
        foreach (Op op in graph.Ops.Where(o => o.Accumulator is not null))
        {
            excluded.Add(op.Accumulator!);
            excluded.Add(op.Output);
        }

        Dictionary<Value, List<Op>> readers = graph.Readers();
        foreach (Op op in graph.Ops)
        {
            if (op is ArgMax { X: { Producer: BilinearResize resize } resized } && readers[resized].Count == 1
                && !excluded.Contains(resized) && resize.X.Kind == ValueKind.Computed)
            {
                unmade.Add(resized);
                views.Add(resized, (resize.X, 0));
            }
            else if (op.Parts.Count > 0 && !excluded.Contains(op.Output))
                LayWithin(op.Output, op.Parts);
            else if (op.Slice is var (host, channel) && !views.ContainsKey(host) && !excluded.Contains(op.Output))
                LayAt(op.Output, host, channel);
        }
    }

    /// <summary>Where the value lies within another, and from which of its channels on; null where it has memory of its own.</summary>
    public (Value Host, int Channel)? Of(Value value) => views.TryGetValue(value, out (Value Host, int Channel) view) ? view : null;

    /// <summary>Leaves a value to its only reader, which takes what it would be made from; not where either is tied to others.</summary>
    /// <returns>Whether it is left.</returns>
    public bool LeaveToReader(Value value, Value source)
    {
        if (excluded.Contains(value) || views.ContainsKey(value) || unmade.Contains(source))
            return false;
        unmade.Add(value);
        views.Add(value, (source, 0));
        return true;
    }

    /// <summary>Whether the value is never made, its reader taking the value it would be made from.</summary>
    public bool IsUnmade(Value value) => unmade.Contains(value);

    private void LayWithin(Value joined, IReadOnlyList<Value> parts)
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

    private void LayAt(Value part, Value host, int channel)
    {
        if (canLieWithin(part, host, channel))
            views.Add(part, (host, channel));
    }
}
