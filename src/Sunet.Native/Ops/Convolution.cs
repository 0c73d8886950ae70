using Sunet.Native.Graphs;
using Sunet.Native.Tensors;

namespace Sunet.Native.Ops;

/// <summary>
/// Cross-correlation, as every framework's convolution: inputs x [N, I, H, W], weights [O, I, kH, kW], optional bias [O], optional
/// accumulator [N, O, H', W']; output [N, O, H', W'].
/// </summary>
public sealed class Convolution : Op
{
    private readonly OpInput x, weights;
    private readonly OpInput? bias, accumulator;

    /// <summary>Creates the op.</summary>
    /// <param name="name">The layer's name.</param>
    /// <param name="x">[N, I, H, W].</param>
    /// <param name="weights">[O, I, kH, kW].</param>
    /// <param name="bias">[O], or null.</param>
    /// <param name="geometry">Stride, dilation, padding.</param>
    /// <param name="fusedRelu">Whether the result is clamped at zero, after accumulating.</param>
    /// <param name="accumulator">A value the result is added onto, in place; or null.</param>
    /// <exception cref="ConfigurationException">The shapes do not fit.</exception>
    public Convolution(string name, Value x, Value weights, Value? bias, ConvolutionGeometry geometry, bool fusedRelu = false,
        Value? accumulator = null)
        : base(name, Phase.Forward)
    {
        (this.x, this.weights) = (AddInput(x), AddInput(weights));
        (this.bias, this.accumulator) = (AddOptionalInput(bias), AddOptionalInput(accumulator));
        Shape s = x.Shape, w = weights.Shape;
        Require(s.Rank == 4 && w.Rank == 4 && s.Channels == w[1], $"input {s} does not fit weights {w}");
        Require(bias is null || bias.Shape == new Shape(w[0]), $"bias {bias?.Shape} does not fit weights {w}");
        (int h, int width) = geometry.OutputSize(s.Height, s.Width, w[2], w[3]);
        Require(h > 0 && width > 0, $"the kernel of {w} does not fit into {s}");
        Geometry = geometry.Exact(s.Height, s.Width, w[2], w[3]);
        FusedRelu = fusedRelu;
        AddOutput("", new Shape(s.Batch, w[0], h, width));
        Require(accumulator is null || accumulator.Shape == Output.Shape, $"accumulator {accumulator?.Shape} is not {Output.Shape}");
    }

    /// <summary>Stride, dilation and the exact padding.</summary>
    public ConvolutionGeometry Geometry { get; }

    /// <summary>Whether the result is clamped at zero.</summary>
    public bool FusedRelu { get; }

    /// <inheritdoc/>
    public override Value? Accumulator => accumulator?.Value;

    /// <summary>The input, [N, I, H, W].</summary>
    public Value X => x.Value;

    /// <summary>The weights, [O, I, kH, kW].</summary>
    public Value Weights => weights.Value;

    /// <summary>The bias, [O], or null.</summary>
    public Value? Bias => bias?.Value;

    /// <inheritdoc/>
    public override long Flops => ConvolutionGeometry.Flops(Output.Shape, Weights.Shape);

    /// <inheritdoc/>
    public override void Differentiate(Differentiator gradients)
    {
        Require(!FusedRelu && Accumulator is null, "a fused convolution has no gradient; fuse after differentiation");
        Value dy = gradients.GradientOf(Output);
        if (gradients.Needs(Weights))
            gradients.Contribute(Weights, gradients.Graph.Add(new ConvolutionWeightGradient(Name, X, dy, Weights.Shape, Geometry)).Output);
        if (Bias is not null)
            BiasGradient.Contribute(gradients, Name, Bias, dy);
        if (gradients.Needs(X))
            gradients.Contribute(X, gradients.Graph.Add(new ConvolutionDataGradient(Name, dy, Weights, X.Shape, Geometry)).Output);
    }
}

/// <summary>The gradient of a convolution for its input: from dy [N, O, H', W'] and weights [O, I, kH, kW] to [N, I, H, W].</summary>
public sealed class ConvolutionDataGradient : Op
{
    private readonly OpInput dy, weights;

    /// <summary>Creates the op for the convolution called <paramref name="layer"/>.</summary>
    public ConvolutionDataGradient(string layer, Value dy, Value weights, Shape xShape, ConvolutionGeometry geometry)
        : base(layer + "/dx", Phase.Backward)
    {
        (this.dy, this.weights) = (AddInput(dy), AddInput(weights));
        Geometry = geometry;
        AddOutput("", xShape);
    }

    /// <summary>Stride, dilation and exact padding of the convolution.</summary>
    public ConvolutionGeometry Geometry { get; }

    /// <summary>The gradient of the convolution's output, [N, O, H', W'].</summary>
    public Value Dy => dy.Value;

    /// <summary>The convolution's weights, [O, I, kH, kW].</summary>
    public Value Weights => weights.Value;

    /// <inheritdoc/>
    public override long Flops => ConvolutionGeometry.Flops(Dy.Shape, Weights.Shape);
}

/// <summary>The gradient of a convolution for its weights: from x [N, I, H, W] and dy [N, O, H', W'] to [O, I, kH, kW].</summary>
public sealed class ConvolutionWeightGradient : Op
{
    private readonly OpInput x, dy;

    /// <summary>Creates the op for the convolution called <paramref name="layer"/>.</summary>
    public ConvolutionWeightGradient(string layer, Value x, Value dy, Shape weightsShape, ConvolutionGeometry geometry)
        : base(layer + "/dw", Phase.Backward)
    {
        (this.x, this.dy) = (AddInput(x), AddInput(dy));
        Geometry = geometry;
        AddOutput("", weightsShape);
    }

    /// <summary>Stride, dilation and exact padding of the convolution.</summary>
    public ConvolutionGeometry Geometry { get; }

    /// <summary>The convolution's input, [N, I, H, W].</summary>
    public Value X => x.Value;

    /// <summary>The gradient of the convolution's output, [N, O, H', W'].</summary>
    public Value Dy => dy.Value;

    /// <inheritdoc/>
    public override long Flops => ConvolutionGeometry.Flops(Dy.Shape, Output.Shape);
}
