using Sunet.Native.Graphs;
using Sunet.Native.Tensors;

namespace Sunet.Native.Ops;

/// <summary>A fully connected layer: x [N, I, 1, 1], weights [O, I], bias [O]; output [N, O, 1, 1].</summary>
public sealed class Linear : Op
{
    /// <summary>Creates the op.</summary>
    /// <exception cref="ConfigurationException">The shapes do not fit.</exception>
    public Linear(string name, Value x, Value weights, Value bias) : base(name, Phase.Forward, x, weights, bias)
    {
        Shape s = x.Shape, w = weights.Shape;
        Require(s == new Shape(s.Batch, w[1], 1, 1) && w.Rank == 2, $"input {s} does not fit weights {w}");
        Require(bias.Shape == new Shape(w[0]), $"bias {bias.Shape} does not fit weights {w}");
        Declare(("", new Shape(s.Batch, w[0], 1, 1)));
    }

    /// <inheritdoc/>
    public override long Flops => 2 * Inputs[0].Shape.Batch * Inputs[1].Shape.Count;

    /// <inheritdoc/>
    public override void Differentiate(Differentiator gradients)
    {
        Value dy = gradients.GradientOf(Output);
        if (gradients.Needs(Inputs[1]))
            gradients.Contribute(Inputs[1], gradients.Graph.Add(new LinearWeightGradient(Name, Inputs[0], dy)).Output);
        BiasGradient.Contribute(gradients, Name, Inputs[2], dy);
        if (gradients.Needs(Inputs[0]))
            gradients.Contribute(Inputs[0], gradients.Graph.Add(new LinearDataGradient(Name, dy, Inputs[1])).Output);
    }
}

/// <summary>The gradient of <see cref="Linear"/> for its input: dy [N, O, 1, 1] times weights [O, I] to [N, I, 1, 1].</summary>
public sealed class LinearDataGradient : Op
{
    /// <summary>Creates the op for the layer called <paramref name="layer"/>.</summary>
    public LinearDataGradient(string layer, Value dy, Value weights) : base(layer + "/dx", Phase.Backward, dy, weights) =>
        Declare(("", new Shape(dy.Shape.Batch, weights.Shape[1], 1, 1)));

    /// <inheritdoc/>
    public override long Flops => 2 * Inputs[0].Shape.Batch * Inputs[1].Shape.Count;
}

/// <summary>The gradient of <see cref="Linear"/> for its weights: dy transposed [O, N] times x [N, I] to [O, I].</summary>
public sealed class LinearWeightGradient : Op
{
    /// <summary>Creates the op for the layer called <paramref name="layer"/>.</summary>
    public LinearWeightGradient(string layer, Value x, Value dy) : base(layer + "/dw", Phase.Backward, x, dy) =>
        Declare(("", new Shape(dy.Shape.Channels, x.Shape.Channels)));

    /// <inheritdoc/>
    public override long Flops => 2 * Inputs[0].Shape.Batch * Output.Shape.Count;
}
