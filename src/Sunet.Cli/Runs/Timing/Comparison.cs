using Sunet.Native.Measuring;

namespace Sunet.Cli.Runs.Timing;

/// <summary>What one contender took.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Milliseconds">Of every prediction that counts.</param>
/// <param name="Start">How it began; null where that was not measured.</param>
internal sealed record ContenderTimes(string Name, IReadOnlyList<double> Milliseconds, ColdStart? Start)
{
    /// <summary>The median time.</summary>
    public double Median => PlanTimings.Median(Milliseconds);

    /// <summary>The least time.</summary>
    public double Least => Milliseconds.Min();
}

/// <summary>Two contenders that computed the same.</summary>
/// <param name="Ours">This library.</param>
/// <param name="Theirs">ONNX Runtime.</param>
/// <param name="Difference">The L2 distance of their logits, relative to theirs.</param>
internal sealed record Comparison(ContenderTimes Ours, ContenderTimes Theirs, double Difference)
{
    /// <summary>Our median time over theirs; below 1 this library is the faster.</summary>
    public double Ratio => Ours.Median / Theirs.Median;

    /// <summary>Our least time over theirs.</summary>
    public double LeastRatio => Ours.Least / Theirs.Least;
}
