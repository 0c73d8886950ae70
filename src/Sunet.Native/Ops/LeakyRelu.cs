using Sunet.Native.Graphs;

namespace Sunet.Native.Ops;

/// <summary>y = x where x is above 0, else slope * x, element by element; any shape.</summary>
public sealed class LeakyRelu : PointwiseOp
{
    private readonly OpInput x;
    private readonly float slope;

    /// <summary>Creates the op.</summary>
    /// <exception cref="ConfigurationException">The slope is not above 0, so that the result would not tell the sign of x.</exception>
    public LeakyRelu(string name, Value x, float slope) : base(name, Phase.Forward)
    {
        this.x = AddInput(x);
        Require(slope > 0, $"the slope {slope} is not above 0");
        this.slope = slope;
        AddOutput("", x.Shape);
    }

    /// <summary>The input.</summary>
    public Value X => x.Value;

    /// <inheritdoc/>
    public override Value First => X;

    /// <inheritdoc/>
    public override float? Coefficient => slope;

    /// <inheritdoc/>
    public override Value? LaidOutLike => X;

    /// <inheritdoc/>
    public override IEnumerable<Value> Overwritable => [X];

    /// <inheritdoc/>
    public override void Differentiate(Differentiator gradients) =>
        gradients.Contribute(X, gradients.Graph.Add(new LeakyReluGradient(Name, Output, gradients.GradientOf(Output), slope)).Output);
}

/// <summary>The gradient of <see cref="LeakyRelu"/> from its result: dy where y is above 0, else slope * dy.</summary>
public sealed class LeakyReluGradient : PointwiseOp
{
    private readonly OpInput y, dy;
    private readonly float slope;

    /// <summary>Creates the op for the layer called <paramref name="layer"/>.</summary>
    public LeakyReluGradient(string layer, Value y, Value dy, float slope) : base(layer + "/dx", Phase.Backward)
    {
        (this.y, this.dy) = (AddInput(y), AddInput(dy));
        this.slope = slope;
        AddOutput("", y.Shape);
    }

    /// <summary>The layer's output.</summary>
    public Value Y => y.Value;

    /// <summary>The gradient of the layer's output.</summary>
    public Value Dy => dy.Value;

    /// <inheritdoc/>
    public override Value First => Y;

    /// <inheritdoc/>
    public override Value? Second => Dy;

    /// <inheritdoc/>
    public override float? Coefficient => slope;

    /// <inheritdoc/>
    public override Value? LaidOutLike => Y;

    /// <inheritdoc/>
    public override IEnumerable<Value> Overwritable => [Dy];
}
