using Sunet.Native.Graphs;
using Sunet.Native.Tensors;

namespace Sunet.Native.Ops;

/// <summary>Per-channel mean and biased variance of x [N, C, H, W] over N, H and W: outputs mean [C] and variance [C].</summary>
public sealed class BatchNormStatistics : Op
{
    private readonly OpInput x;

    /// <summary>Creates the op for the layer called <paramref name="layer"/>.</summary>
    public BatchNormStatistics(string layer, Value x) : base(layer + "/statistics", Phase.Forward)
    {
        this.x = AddInput(x);
        Require(x.Shape.Rank == 4, $"input {x.Shape} is not [N, C, H, W]");
        var channels = new Shape(x.Shape.Channels);
        Mean = AddOutput(".mean", channels);
        Variance = AddOutput(".variance", channels);
    }

    /// <summary>The input, [N, C, H, W].</summary>
    public Value X => x.Value;

    /// <summary>The mean, [C].</summary>
    public Value Mean { get; }

    /// <summary>The biased variance, [C].</summary>
    public Value Variance { get; }

    /// <inheritdoc/>
    public override long Flops => 3 * X.Shape.Count;

    /// <inheritdoc/>
    public override void Differentiate(Differentiator gradients)
    {
        // BatchNormGradient carries the whole derivative for x, that through the statistics included.
    }
}
