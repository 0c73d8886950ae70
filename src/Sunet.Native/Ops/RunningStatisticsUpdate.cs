using Sunet.Native.Graphs;

namespace Sunet.Native.Ops;

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
