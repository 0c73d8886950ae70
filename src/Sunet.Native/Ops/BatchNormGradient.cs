using Sunet.Native.Graphs;
using Sunet.Native.Tensors;

namespace Sunet.Native.Ops;

/// <summary>
/// The gradient of <see cref="BatchNormApply"/> for x [N, C, H, W], gamma [C] and beta [C], from the layer's input and statistics: with
/// a fused ReLU its mask is computed again from x, so nothing but x is kept from the forward pass. Inputs x, mean, variance, gamma,
/// beta, dy [N, C, H, W], and optionally an addend [N, C, H, W] that is added to dx.
/// </summary>
public sealed class BatchNormGradient : Op
{
    private readonly OpInput x, mean, variance, gamma, beta, dy;
    private readonly OpInput? addend;

    /// <summary>Creates the op.</summary>
    public BatchNormGradient(BatchNormApply layer, Value dy, Value? addend) : base(layer.Name + "/dx", Phase.Backward)
    {
        (x, mean, variance) = (AddInput(layer.X), AddInput(layer.Mean), AddInput(layer.Variance));
        (gamma, beta) = (AddInput(layer.Gamma), AddInput(layer.Beta));
        (this.dy, this.addend) = (AddInput(dy), AddOptionalInput(addend));
        BatchStatistics = layer.BatchStatistics;
        FusedRelu = layer.FusedRelu;
        Epsilon = layer.Epsilon;
        AddOutput("", layer.X.Shape);
        GammaGradient = AddOutput(".gamma", layer.Gamma.Shape);
        BetaGradient = AddOutput(".beta", layer.Beta.Shape);
        Output.SumsToZero = BatchStatistics && addend is null or { SumsToZero: true };
    }

    /// <summary>Whether mean and variance are those of x itself.</summary>
    public bool BatchStatistics { get; }

    /// <summary>Whether the layer clamps its result at zero.</summary>
    public bool FusedRelu { get; }

    /// <summary>Added to the variance.</summary>
    public float Epsilon { get; }

    /// <summary>The layer's input, [N, C, H, W].</summary>
    public Value X => x.Value;

    /// <summary>The layer's mean, [C].</summary>
    public Value Mean => mean.Value;

    /// <summary>The layer's biased variance, [C].</summary>
    public Value Variance => variance.Value;

    /// <summary>The layer's scale, [C].</summary>
    public Value Gamma => gamma.Value;

    /// <summary>The layer's shift, [C].</summary>
    public Value Beta => beta.Value;

    /// <summary>The gradient of the layer's output, [N, C, H, W].</summary>
    public Value Dy => dy.Value;

    /// <summary>What is added to dx, [N, C, H, W]; or null.</summary>
    public Value? Addend => addend?.Value;

    /// <summary>The gradient of gamma, [C].</summary>
    public Value GammaGradient { get; }

    /// <summary>The gradient of beta, [C].</summary>
    public Value BetaGradient { get; }

    /// <inheritdoc/>
    public override long Flops => 10 * Output.Shape.Count;

    /// <inheritdoc/>
    public override IEnumerable<Value> Overwritable => Addend is null ? [Dy] : [Dy, Addend];
}
