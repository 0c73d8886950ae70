using Sunet.Native.Graphs;

namespace Sunet.Native.Ops;

/// <summary>
/// One of the six convolution ops as one direction of one convolution, which leads from source [N, C, H, W] with weights [K, C, kH, kW] to
/// destination [N, K, H', W']. A transposed convolution computes what the data gradient of the convolution that it transposes does, so
/// three directions serve all six ops.
/// </summary>
/// <param name="Direction">What is computed.</param>
/// <param name="Geometry">Stride, dilation and exact padding of the convolution.</param>
/// <param name="Source">The convolution's source, or its gradient.</param>
/// <param name="Weights">The convolution's weights, or their gradient.</param>
/// <param name="Destination">The convolution's destination, or its gradient.</param>
internal sealed record ConvolutionRoles(
    ConvolutionDirection Direction, ConvolutionGeometry Geometry, Value Source, Value Weights, Value Destination)
{
    /// <summary>Whether the op is a transposed convolution or one of its gradients.</summary>
    public bool IsTransposed { get; init; }

    /// <summary>What is added to every pixel of the result; or null.</summary>
    public Value? Bias { get; init; }

    /// <summary>What the result is added onto, in place; or null.</summary>
    public Value? Accumulator { get; init; }

    /// <summary>Whether the result is clamped at zero, last of all.</summary>
    public bool FusedRelu { get; init; }

    /// <summary>
    /// The layer's input, or its gradient: the source of a convolution, the destination of the one that a layer transposes.
    /// </summary>
    public Value LayerInput => IsTransposed ? Destination : Source;

    /// <summary>The layer's output, or its gradient.</summary>
    public Value LayerOutput => IsTransposed ? Source : Destination;

    /// <summary>
    /// The activations, or their gradient, that are multiplied by the weights; for the weights' gradient the layer's input.
    /// </summary>
    public Value Operand => Direction switch
    {
        ConvolutionDirection.Forward => Source,
        ConvolutionDirection.Data => Destination,
        _ => LayerInput,
    };

    /// <summary>The roles of an op's values; null where the op is no convolution.</summary>
    public static ConvolutionRoles? Of(Op op) => op switch
    {
        Convolution c => new(ConvolutionDirection.Forward, c.Geometry, c.X, c.Weights, c.Output)
        {
            Bias = c.Bias,
            Accumulator = c.Accumulator,
            FusedRelu = c.FusedRelu,
        },
        ConvolutionDataGradient d => new(ConvolutionDirection.Data, d.Geometry, d.Output, d.Weights, d.Dy),
        ConvolutionWeightGradient w => new(ConvolutionDirection.Weights, w.Geometry, w.X, w.Output, w.Dy),
        TransposedConvolution t => new(ConvolutionDirection.Data, t.Geometry, t.Output, t.Weights, t.X)
        {
            IsTransposed = true,
            Bias = t.Bias,
            FusedRelu = t.FusedRelu,
        },
        TransposedConvolutionDataGradient d =>
            new(ConvolutionDirection.Forward, d.Geometry, d.Dy, d.Weights, d.Output) { IsTransposed = true },
        TransposedConvolutionWeightGradient w =>
            new(ConvolutionDirection.Weights, w.Geometry, w.Dy, w.Output, w.X) { IsTransposed = true },
        _ => null,
    };
}
