using Sunet.Native.Graphs;

namespace Sunet.Verification.Reference;

/// <summary>Some related ops: what each computes in float64, and graphs to try it in.</summary>
internal abstract class ReferenceFamily
{
    /// <summary>Builds one op, by kind; the op reads what the builder gives it, of a random shape.</summary>
    public virtual IReadOnlyList<(string Kind, Func<OpBuilder, Op> Build)> Ops => [];

    /// <summary>Builds a layer whose output is logits of <see cref="LayerBuilder.Classes"/> channels, by kind.</summary>
    public virtual IReadOnlyList<(string Kind, Func<LayerBuilder, Value> Build)> Layers => [];

    /// <summary>The outputs of an op, in its order; null where the op is none of the family.</summary>
    /// <param name="op">The op.</param>
    /// <param name="of">Gives the elements of its inputs.</param>
    public abstract double[][]? Compute(Op op, Func<Value, double[]> of);
}
