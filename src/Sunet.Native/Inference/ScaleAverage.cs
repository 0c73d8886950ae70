using CommunityToolkit.HighPerformance.Buffers;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;

namespace Sunet.Native.Inference;

/// <summary>
/// Averages the network's results over all scales of an image or of a part of one, with mirrored copies where these are asked for.
/// </summary>
/// <param name="pool">Compiled predictions.</param>
/// <param name="spec">The network.</param>
/// <param name="options">Scales and flip.</param>
internal sealed class ScaleAverage(PlanPool pool, SunetSpec spec, PredictorOptions options)
{
    /// <summary>The network.</summary>
    public SunetSpec Spec => spec;

    /// <summary>How images are predicted.</summary>
    public PredictorOptions Options => options;

    /// <summary>Averages the class probabilities over all scales and flips; the caller holds a slot of the pool.</summary>
    /// <param name="watch">Asked before and told after each run of the network.</param>
    /// <param name="pixels">Normalised pixels, [N, 3, H, W].</param>
    /// <param name="shape">The shape of the pixels.</param>
    /// <param name="average">Receives the probabilities, [N, classes, H, W].</param>
    public void Average(ref PredictionWatch watch, ReadOnlySpan<float> pixels, Shape shape, Span<float> average)
    {
        using SpanOwner<float> mirrored = Options.Flip ? HostBuffer.Rent<float>(shape) : SpanOwner<float>.Empty;
        if (Options.Flip)
            Pixels.Flip(pixels, shape.Width, mirrored.Span);
        watch.Before();
        using PlanPool.Lease lease = pool.Rent(shape, PredictionKind.ProbabilitiesOfPixels, watch.Cancellation);
        lease.Plan.Average(ref watch, pixels, mirrored.Span, average);
    }

    /// <summary>Averages the class probabilities over all scales and flips; the caller holds a slot of the pool.</summary>
    /// <param name="watch">Asked before and told after each run of the network.</param>
    /// <param name="image">An image, or a part of one, [H, W].</param>
    /// <param name="average">Receives the probabilities, [classes, H, W].</param>
    public void Average(ref PredictionWatch watch, ImagePixels image, Span<float> average)
    {
        var shape = new Shape(1, 3, image.Height, image.Width);
        watch.Before();
        using PlanPool.Lease lease = pool.Rent(shape, PredictionKind.Probabilities, watch.Cancellation);
        lease.Plan.Average(ref watch, image, average);
    }
}
