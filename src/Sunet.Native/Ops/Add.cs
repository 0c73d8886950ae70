using Sunet.Native.Graphs;

namespace Sunet.Native.Ops;

/// <summary>y = a + b element by element; both of one shape. Residual connections, and gradients that meet.</summary>
public sealed class Add : Op, IPointwise
{
    private readonly OpInput a, b;

    /// <summary>Creates the op.</summary>
    /// <exception cref="ConfigurationException">The shapes differ.</exception>
    public Add(string name, Phase phase, Value a, Value b) : base(name, phase)
    {
        (this.a, this.b) = (AddInput(a), AddInput(b));
        Require(a.Shape == b.Shape, $"{a.Shape} and {b.Shape} differ");
        AddOutput("", a.Shape);
        Output.SumsToZero = a.SumsToZero && b.SumsToZero;
    }

    /// <summary>The first addend.</summary>
    public Value A => a.Value;

    /// <summary>The second addend.</summary>
    public Value B => b.Value;

    /// <summary>Two gradients of one value, added: what a differentiator makes where paths meet.</summary>
    public static Op OfGradients(string name, Value a, Value b) => new Add(name, Phase.Backward, a, b);

    /// <inheritdoc/>
    Value IPointwise.First => A;

    /// <inheritdoc/>
    Value? IPointwise.Second => B;

    /// <inheritdoc/>
    public override long Flops => Output.Shape.Count;

    /// <inheritdoc/>
    public override IEnumerable<Value> Overwritable => Inputs;

    /// <inheritdoc/>
    public override void Differentiate(Differentiator gradients)
    {
        Value dy = gradients.GradientOf(Output);
        gradients.Contribute(A, dy);
        gradients.Contribute(B, dy);
    }
}
