using Sunet.Native.Graphs;
using Sunet.Native.Tensors;

namespace Sunet.Native.Ops;

/// <summary>
/// Transposed convolution (PyTorch's ConvTranspose2d): the data gradient of the convolution that would lead from the output's size to
/// the input's. Inputs x [N, I, H, W], weights [I, O, kH, kW], optional bias [O]; output [N, O, H', W'] of a size the caller chooses.
/// </summary>
public sealed class TransposedConvolution : Op
{
    private readonly OpInput x, weights;
    private readonly OpInput? bias;

    /// <summary>Creates the op.</summary>
    /// <param name="name">The layer's name.</param>
    /// <param name="x">[N, I, H, W].</param>
    /// <param name="weights">[I, O, kH, kW].</param>
    /// <param name="bias">[O], or null.</param>
    /// <param name="geometry">Stride, dilation and padding of the convolution it transposes.</param>
    /// <param name="size">Height and width of the output: those of the tensor it must line up with.</param>
    /// <param name="fusedRelu">Whether the result is clamped at zero.</param>
    /// <exception cref="ConfigurationException">The shapes do not fit.</exception>
    public TransposedConvolution(string name, Value x, Value weights, Value? bias, ConvolutionGeometry geometry, (int H, int W) size,
        bool fusedRelu = false)
        : base(name, Phase.Forward)
    {
        (this.x, this.weights, this.bias) = (AddInput(x), AddInput(weights), AddOptionalInput(bias));
        Shape s = x.Shape, w = weights.Shape;
        Require(s.Rank == 4 && w.Rank == 4 && s.Channels == w[0], $"input {s} does not fit weights {w}");
        Require(bias is null || bias.Shape == new Shape(w[1]), $"bias {bias?.Shape} does not fit weights {w}");
        Require(geometry.OutputSize(size.H, size.W, w[2], w[3]) == (s.Height, s.Width),
            $"input {s} cannot grow to {size.H} x {size.W} with stride {geometry.Stride} and padding {geometry.PaddingBegin}");
        Geometry = geometry.Exact(size.H, size.W, w[2], w[3]);
        FusedRelu = fusedRelu;
        AddOutput("", new Shape(s.Batch, w[1], size.H, size.W));
    }

    /// <summary>Stride, dilation and exact padding of the convolution it transposes.</summary>
    public ConvolutionGeometry Geometry { get; }

    /// <summary>Whether the result is clamped at zero.</summary>
    public bool FusedRelu { get; }

    /// <summary>The input, [N, I, H, W].</summary>
    public Value X => x.Value;

    /// <summary>The weights, [I, O, kH, kW].</summary>
    public Value Weights => weights.Value;

    /// <summary>The bias, [O], or null.</summary>
    public Value? Bias => bias?.Value;

    /// <inheritdoc/>
    public override long Flops => ConvolutionGeometry.Flops(X.Shape, Weights.Shape);

    /// <inheritdoc/>
    public override void Differentiate(Differentiator gradients)
    {
        Require(!FusedRelu, "a fused transposed convolution has no gradient; fuse after differentiation");
        Value dy = gradients.GradientOf(Output);
        if (gradients.Needs(Weights))
        {
            gradients.Contribute(Weights,
                gradients.Graph.Add(new TransposedConvolutionWeightGradient(Name, X, dy, Weights.Shape, Geometry)).Output);
        }

        if (Bias is not null)
            BiasGradient.Contribute(gradients, Name, Bias, dy);
        if (gradients.Needs(X))
        {
            gradients.Contribute(X,
                gradients.Graph.Add(new TransposedConvolutionDataGradient(Name, dy, Weights, X.Shape, Geometry)).Output);
        }
    }
}

/// <summary>
/// The gradient of a transposed convolution for its input: from dy [N, O, H', W'] and weights [I, O, kH, kW] to [N, I, H, W].
/// </summary>
public sealed class TransposedConvolutionDataGradient : Op
{
    private readonly OpInput dy, weights;

    /// <summary>Creates the op for the layer called <paramref name="layer"/>.</summary>
    public TransposedConvolutionDataGradient(string layer, Value dy, Value weights, Shape xShape, ConvolutionGeometry geometry)
        : base(layer + "/dx", Phase.Backward)
    {
        (this.dy, this.weights) = (AddInput(dy), AddInput(weights));
        Geometry = geometry;
        AddOutput("", xShape);
    }

    /// <summary>Stride, dilation and exact padding of the convolution that the layer transposes.</summary>
    public ConvolutionGeometry Geometry { get; }

    /// <summary>The gradient of the layer's output, [N, O, H', W'].</summary>
    public Value Dy => dy.Value;

    /// <summary>The layer's weights, [I, O, kH, kW].</summary>
    public Value Weights => weights.Value;

    /// <inheritdoc/>
    public override long Flops => ConvolutionGeometry.Flops(Output.Shape, Weights.Shape);
}

/// <summary>
/// The gradient of a transposed convolution for its weights: from x [N, I, H, W] and dy [N, O, H', W'] to [I, O, kH, kW].
/// </summary>
public sealed class TransposedConvolutionWeightGradient : Op
{
    private readonly OpInput x, dy;

    /// <summary>Creates the op for the layer called <paramref name="layer"/>.</summary>
    public TransposedConvolutionWeightGradient(string layer, Value x, Value dy, Shape weightsShape, ConvolutionGeometry geometry)
        : base(layer + "/dw", Phase.Backward)
    {
        (this.x, this.dy) = (AddInput(x), AddInput(dy));
        Geometry = geometry;
        AddOutput("", weightsShape);
    }

    /// <summary>Stride, dilation and exact padding of the convolution that the layer transposes.</summary>
    public ConvolutionGeometry Geometry { get; }

    /// <summary>The layer's input, [N, I, H, W].</summary>
    public Value X => x.Value;

    /// <summary>The gradient of the layer's output, [N, O, H', W'].</summary>
    public Value Dy => dy.Value;

    /// <inheritdoc/>
    public override long Flops => ConvolutionGeometry.Flops(X.Shape, Output.Shape);
}
