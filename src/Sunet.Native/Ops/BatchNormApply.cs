using Sunet.Native.Graphs;
using Sunet.Native.Tensors;

namespace Sunet.Native.Ops;

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
