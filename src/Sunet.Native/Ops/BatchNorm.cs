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

/// <summary>
/// Batch normalisation with given statistics: y = (x - mean) / sqrt(variance + epsilon) * gamma + beta, clamped at zero if fused.
/// Inputs x [N, C, H, W], mean, variance, gamma, beta [C]; output [N, C, H, W].
/// </summary>
public sealed class BatchNormApply : Op
{
    /// <summary>PyTorch's default epsilon, with which the authors' checkpoints were trained.</summary>
    public const float DefaultEpsilon = 1e-5f;

    private readonly OpInput x, mean, variance, gamma, beta;

    /// <summary>Creates the op.</summary>
    /// <param name="name">The layer's name.</param>
    /// <param name="x">[N, C, H, W].</param>
    /// <param name="mean">[C].</param>
    /// <param name="variance">[C], biased.</param>
    /// <param name="gamma">[C].</param>
    /// <param name="beta">[C].</param>
    /// <param name="batchStatistics">Whether mean and variance are those of x itself, which its gradient must then account for.</param>
    /// <param name="fusedRelu">Whether the result is clamped at zero.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="phase">Backward where the result is recomputed for a gradient.</param>
    public BatchNormApply(string name, Value x, Value mean, Value variance, Value gamma, Value beta, bool batchStatistics,
        bool fusedRelu = false, float epsilon = DefaultEpsilon, Phase phase = Phase.Forward)
        : base(name, phase)
    {
        this.x = AddInput(x);
        (this.mean, this.variance, this.gamma, this.beta) = (AddInput(mean), AddInput(variance), AddInput(gamma), AddInput(beta));
        Require(x.Shape.Rank == 4, $"input {x.Shape} is not [N, C, H, W]");
        var channels = new Shape(x.Shape.Channels);
        foreach (Value vector in (Value[])[mean, variance, gamma, beta])
            Require(vector.Shape == channels, $"'{vector.Name}' {vector.Shape} does not fit input {x.Shape}");
        BatchStatistics = batchStatistics;
        FusedRelu = fusedRelu;
        Epsilon = epsilon;
        AddOutput("", x.Shape);
    }

    /// <summary>Whether mean and variance are those of x itself.</summary>
    public bool BatchStatistics { get; }

    /// <summary>Whether the result is clamped at zero.</summary>
    public bool FusedRelu { get; }

    /// <summary>Added to the variance.</summary>
    public float Epsilon { get; }

    /// <summary>The input, [N, C, H, W].</summary>
    public Value X => x.Value;

    /// <summary>The mean, [C].</summary>
    public Value Mean => mean.Value;

    /// <summary>The biased variance, [C].</summary>
    public Value Variance => variance.Value;

    /// <summary>The scale, [C].</summary>
    public Value Gamma => gamma.Value;

    /// <summary>The shift, [C].</summary>
    public Value Beta => beta.Value;

    /// <inheritdoc/>
    public override long Flops => 3 * Output.Shape.Count;

    /// <inheritdoc/>
    public override IEnumerable<Value> Overwritable => [X];

    /// <inheritdoc/>
    public override Op Repeat(string name, Phase phase) =>
        new BatchNormApply(name, X, Mean, Variance, Gamma, Beta, BatchStatistics, FusedRelu, Epsilon, phase);

    /// <inheritdoc/>
    public override void Differentiate(Differentiator gradients)
    {
        Value dy = gradients.GradientOf(Output);
        Value? addend = gradients.Needs(X) ? gradients.TakePending(X) : null;
        BatchNormGradient gradient = gradients.Graph.Add(new BatchNormGradient(this, dy, addend));
        gradients.Contribute(X, gradient.Output);
        gradients.Contribute(Gamma, gradient.GammaGradient);
        gradients.Contribute(Beta, gradient.BetaGradient);
    }
}

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

/// <summary>
/// Moves running statistics towards a batch's: running = (1 - momentum) running + momentum statistic, with the unbiased variance.
/// Inputs mean, variance, running mean, running variance, all [C]; the last two are changed in place. It has no output.
/// </summary>
public sealed class RunningStatisticsUpdate : Op
{
    private readonly OpInput batchMean, batchVariance, runningMean, runningVariance;

    /// <summary>Creates the op.</summary>
    /// <param name="layer">The layer's name.</param>
    /// <param name="mean">The batch's mean, [C].</param>
    /// <param name="variance">The batch's biased variance, [C].</param>
    /// <param name="runningMean">A buffer [C].</param>
    /// <param name="runningVariance">A buffer [C].</param>
    /// <param name="count">Elements per channel in the batch: N * H * W.</param>
    /// <param name="momentum">PyTorch's: the weight of the new statistic.</param>
    public RunningStatisticsUpdate(string layer, Value mean, Value variance, Value runningMean, Value runningVariance, long count,
        float momentum)
        : base(layer + "/running", Phase.Update)
    {
        (batchMean, batchVariance) = (AddInput(mean), AddInput(variance));
        (this.runningMean, this.runningVariance) = (AddInput(runningMean), AddInput(runningVariance));
        Require(momentum is >= 0 and <= 1, $"momentum {momentum} is not within [0, 1]");
        Require(count > 1, "training statistics need more than one value per channel; use a larger batch or image, or frozen batch-norm");
        Count = count;
        Momentum = momentum;
    }

    /// <summary>The batch's mean, [C].</summary>
    public Value BatchMean => batchMean.Value;

    /// <summary>The batch's biased variance, [C].</summary>
    public Value BatchVariance => batchVariance.Value;

    /// <summary>The running mean, [C].</summary>
    public Value RunningMean => runningMean.Value;

    /// <summary>The running variance, [C].</summary>
    public Value RunningVariance => runningVariance.Value;

    /// <summary>Elements per channel in the batch.</summary>
    public long Count { get; }

    /// <summary>The weight of the new statistic.</summary>
    public float Momentum { get; }
}
