using Sunet.Native.Graphs;
using Sunet.Native.Tensors;

namespace Sunet.Native.Ops;

/// <summary>A fully connected layer: x [N, I, 1, 1], weights [O, I], bias [O]; output [N, O, 1, 1].</summary>
public sealed class Linear : Op
{
    private readonly OpInput x, weights, bias;

    /// <summary>Creates the op.</summary>
    /// <exception cref="ConfigurationException">The shapes do not fit.</exception>
    public Linear(string name, Value x, Value weights, Value bias) : base(name, Phase.Forward)
    {
        (this.x, this.weights, this.bias) = (AddInput(x), AddInput(weights), AddInput(bias));
        Shape s = x.Shape, w = weights.Shape;
        Require(s == new Shape(s.Batch, w[1], 1, 1) && w.Rank == 2, $"input {s} does not fit weights {w}");
        Require(bias.Shape == new Shape(w[0]), $"bias {bias.Shape} does not fit weights {w}");
        AddOutput("", new Shape(s.Batch, w[0], 1, 1));
    }

    /// <summary>The input, [N, I, 1, 1].</summary>
    public Value X => x.Value;

    /// <summary>The weights, [O, I].</summary>
    public Value Weights => weights.Value;

    /// <summary>The bias, [O].</summary>
    public Value Bias => bias.Value;

    /// <inheritdoc/>
    public override bool KeepsFloat32 => true;

    /// <inheritdoc/>
    public override bool IsRowMajor => true;

    /// <inheritdoc/>
    public override long Flops => 2 * X.Shape.Batch * Weights.Shape.Count;

    /// <inheritdoc/>
    public override void Differentiate(Differentiator gradients)
    {
        Value dy = gradients.GradientOf(Output);
        if (gradients.Needs(Weights))
            gradients.Contribute(Weights, gradients.Graph.Add(new LinearWeightGradient(Name, X, dy)).Output);
        BiasGradient.Contribute(gradients, Name, Bias, dy);
        if (gradients.Needs(X))
            gradients.Contribute(X, gradients.Graph.Add(new LinearDataGradient(Name, dy, Weights)).Output);
    }
}

/// <summary>The gradient of <see cref="Linear"/> for its input: dy [N, O, 1, 1] times weights [O, I] to [N, I, 1, 1].</summary>
public sealed class LinearDataGradient : Op
{
    private readonly OpInput dy, weights;

    /// <summary>Creates the op for the layer called <paramref name="layer"/>.</summary>
    public LinearDataGradient(string layer, Value dy, Value weights) : base(layer + "/dx", Phase.Backward)
    {
        (this.dy, this.weights) = (AddInput(dy), AddInput(weights));
        AddOutput("", new Shape(dy.Shape.Batch, weights.Shape[1], 1, 1));
    }

    /// <summary>The gradient of the layer's output, [N, O, 1, 1].</summary>
    public Value Dy => dy.Value;

    /// <summary>The layer's weights, [O, I].</summary>
    public Value Weights => weights.Value;

    /// <inheritdoc/>
    public override bool KeepsFloat32 => true;

    /// <inheritdoc/>
    public override bool IsRowMajor => true;

    /// <inheritdoc/>
    public override long Flops => 2 * Dy.Shape.Batch * Weights.Shape.Count;
}

/// <summary>The gradient of <see cref="Linear"/> for its weights: dy transposed [O, N] times x [N, I] to [O, I].</summary>
public sealed class LinearWeightGradient : Op
{
    private readonly OpInput x, dy;

    /// <summary>Creates the op for the layer called <paramref name="layer"/>.</summary>
    public LinearWeightGradient(string layer, Value x, Value dy) : base(layer + "/dw", Phase.Backward)
    {
        (this.x, this.dy) = (AddInput(x), AddInput(dy));
        AddOutput("", new Shape(dy.Shape.Channels, x.Shape.Channels));
    }

    /// <summary>The layer's input, [N, I, 1, 1].</summary>
    public Value X => x.Value;

    /// <summary>The gradient of the layer's output, [N, O, 1, 1].</summary>
    public Value Dy => dy.Value;

    /// <inheritdoc/>
    public override long Flops => 2 * X.Shape.Batch * Output.Shape.Count;
}
