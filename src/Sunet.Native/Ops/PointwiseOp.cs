using Sunet.Native.Graphs;

namespace Sunet.Native.Ops;

/// <summary>
/// An op that makes every element of its output from the elements at the same place in one or two inputs of the output's shape. Backends
/// find its kernel by its kind, so a new one needs a kernel on each and no other place there.
/// </summary>
public abstract class PointwiseOp : Op
{
    /// <summary>Creates an op. The derived constructor adds its inputs and its output.</summary>
    /// <param name="name">The layer's name: one name for errors, timings and profiles.</param>
    /// <param name="phase">When it runs.</param>
    protected PointwiseOp(string name, Phase phase) : base(name, phase)
    {
    }

    /// <summary>The kernel's first operand.</summary>
    public abstract Value First { get; }

    /// <summary>The kernel's second operand; null where it takes one.</summary>
    public virtual Value? Second => null;

    /// <summary>A number that the kernel takes, such as a slope; null where it takes none.</summary>
    public virtual float? Coefficient => null;

    /// <inheritdoc/>
    public override long Flops => Output.Shape.Count;
}
