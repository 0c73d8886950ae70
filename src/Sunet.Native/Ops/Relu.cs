using Sunet.Native.Graphs;

namespace Sunet.Native.Ops;

/// <summary>y = max(0, x) element by element; any shape.</summary>
public sealed class Relu : Op, IPointwise
{
    private readonly OpInput x;

    /// <summary>Creates the op.</summary>
    public Relu(string name, Value x) : base(name, Phase.Forward)
    {
        this.x = AddInput(x);
        AddOutput("", x.Shape);
    }

    /// <summary>The input.</summary>
    public Value X => x.Value;

    /// <inheritdoc/>
    public override Value? LaidOutLike => X;

    /// <inheritdoc/>
    Value IPointwise.First => X;

    /// <inheritdoc/>
    public override long Flops => Output.Shape.Count;

    /// <inheritdoc/>
    public override IEnumerable<Value> Overwritable => Inputs;

    /// <inheritdoc/>
    public override void Differentiate(Differentiator gradients) =>
        gradients.Contribute(X, gradients.Graph.Add(new ReluGradient(Name, Output, gradients.GradientOf(Output))).Output);
}

/// <summary>The gradient of ReLU from its result: dy where y is above 0, else 0.</summary>
public sealed class ReluGradient : Op, IPointwise
{
    private readonly OpInput y, dy;

    /// <summary>Creates the op for the layer called <paramref name="layer"/>.</summary>
    public ReluGradient(string layer, Value y, Value dy) : base(layer + "/dx", Phase.Backward)
    {
        (this.y, this.dy) = (AddInput(y), AddInput(dy));
        AddOutput("", y.Shape);
    }

    /// <summary>The layer's output.</summary>
    public Value Y => y.Value;

    /// <summary>The gradient of the layer's output.</summary>
    public Value Dy => dy.Value;

    /// <inheritdoc/>
    public override Value? LaidOutLike => Y;

    /// <inheritdoc/>
    Value IPointwise.First => Y;

    /// <inheritdoc/>
    Value? IPointwise.Second => Dy;

    /// <inheritdoc/>
    public override long Flops => Output.Shape.Count;

    /// <inheritdoc/>
    public override IEnumerable<Value> Overwritable => [Dy];
}
