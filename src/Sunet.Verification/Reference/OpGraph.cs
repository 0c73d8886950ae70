using Sunet.Native.Graphs;

namespace Sunet.Verification.Reference;

/// <summary>One op on random odd shapes, and the length of the longest sum in it.</summary>
/// <param name="Graph">The graph.</param>
/// <param name="Reduction">Terms in the longest sum of products.</param>
internal sealed record OpGraph(Graph Graph, long Reduction)
{
    public static IReadOnlyList<string> Convolutions { get; } = [.. new ConvolutionLoops().Ops.Select(o => o.Kind)];

    public static IReadOnlyList<string> Kinds { get; } = [.. ReferenceFamilies.All.SelectMany(f => f.Ops).Select(o => o.Kind)];

    /// <summary>Builds the op.</summary>
    /// <param name="kind">One of <see cref="Kinds"/>.</param>
    /// <param name="seed">Chooses the shapes.</param>
    /// <param name="copies">Whether images pass through another op first and so arrive in the backend's own layout.</param>
    /// <param name="widths">The channel counts that convolutions and batch-norm choose from; null for any up to 39.</param>
    public static OpGraph Create(string kind, int seed, bool copies, int[]? widths = null)
    {
        Func<OpBuilder, Op> build = ReferenceFamilies.All.SelectMany(f => f.Ops).FirstOrDefault(o => o.Kind == kind).Build
            ?? throw new ArgumentException($"There is no op '{kind}'.", nameof(kind));
        var builder = new OpBuilder(seed, copies, widths);
        foreach (Value output in build(builder).Outputs)
            builder.Graph.MarkOutput(output);
        return new OpGraph(builder.Graph, builder.Reduction);
    }
}
