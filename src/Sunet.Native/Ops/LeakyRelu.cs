using Sunet.Native.Graphs;

namespace Sunet.Native.Ops;

/// <summary>y = x where x is above 0, else slope * x, element by element; any shape.</summary>
public sealed class LeakyRelu : Op, IPointwise
{
    private readonly OpInput x;

    /// <summary>Creates the op.</summary>
    /// <exception cref="ConfigurationException">The slope is not above 0, so that the result would not tell the sign of x.</exception>
    public LeakyRelu(string name, Value x, float slope) : base(name, Phase.Forward)
    {
        this.x = AddInput(x);
        Require(slope > 0, $"the slope {slope} is not above 0");
        Slope = slope;
        AddOutput("", x.Shape);
    }

    /// <summary>The input.</summary>
    public Value X => x.Value;

    /// <inheritdoc/>
    Value IPointwise.First => X;

    /// <summary>What x is multiplied by where it is not above 0.</summary>
    public float Slope { get; }

    /// <inheritdoc/>
    float? IPointwise.Coefficient => Slope;

    /// <inheritdoc/>
    public override Value? LaidOutLike => X;

    /// <inheritdoc/>
    public override IEnumerable<Value> Overwritable => [X];

    /// <inheritdoc/>
    public override void Differentiate(Differentiator gradients) =>
        gradients.Contribute(X, gradients.Graph.Add(new LeakyReluGradient(Name, Output, gradients.GradientOf(Output), Slope)).Output);
}

/// <summary>The gradient of <see cref="LeakyRelu"/> from its result: dy where y is above 0, else slope * dy.</summary>
public sealed class LeakyReluGradient : Op, IPointwise
{
    private readonly OpInput y, dy;

    /// <summary>Creates the op for the layer called <paramref name="layer"/>.</summary>
    public LeakyReluGradient(string layer, Value y, Value dy, float slope) : base(layer + "/dx", Phase.Backward)
    {
        (this.y, this.dy) = (AddInput(y), AddInput(dy));
        Slope = slope;
        AddOutput("", y.Shape);
    }

    /// <summary>The layer's output.</summary>
    public Value Y => y.Value;

    /// <summary>The gradient of the layer's output.</summary>
    public Value Dy => dy.Value;

    /// <inheritdoc/>
    Value IPointwise.First => Y;

    /// <inheritdoc/>
    Value? IPointwise.Second => Dy;

    /// <summary>What x is multiplied by where it is not above 0.</summary>
    public float Slope { get; }

    /// <inheritdoc/>
    float? IPointwise.Coefficient => Slope;

    /// <inheritdoc/>
    public override Value? LaidOutLike => Y;

    /// <inheritdoc/>
    public override IEnumerable<Value> Overwritable => [Dy];
}
