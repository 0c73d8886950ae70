using Sunet.Native.Graphs;

namespace Sunet.Native.Ops;

/// <summary>y = max(0, x) element by element; any shape.</summary>
public sealed class Relu : Op
{
    /// <summary>Creates the op.</summary>
    public Relu(string name, Value x) : base(name, Phase.Forward, x) => Declare(("", x.Shape));

    /// <inheritdoc/>
    public override long Flops => Output.Shape.Count;

    /// <inheritdoc/>
    public override IEnumerable<Value> Overwritable => Inputs;

    /// <inheritdoc/>
    public override void Differentiate(Differentiator gradients) =>
        gradients.Contribute(Inputs[0], gradients.Graph.Add(new ReluGradient(Name, Output, gradients.GradientOf(Output))).Output);
}

/// <summary>The gradient of ReLU from its result: dy where y is above 0, else 0.</summary>
public sealed class ReluGradient : Op
{
    /// <summary>Creates the op for the layer called <paramref name="layer"/>.</summary>
    public ReluGradient(string layer, Value y, Value dy) : base(layer + "/dx", Phase.Backward, y, dy) => Declare(("", y.Shape));

    /// <inheritdoc/>
    public override long Flops => Output.Shape.Count;

    /// <inheritdoc/>
    public override IEnumerable<Value> Overwritable => [Inputs[1]];
}
