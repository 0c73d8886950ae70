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
        int copies = Options.Flip ? 2 : 1;
        var doubled = shape.WithBatch(copies * shape.Batch);
        using SpanOwner<float> inputs = HostBuffer.Rent<float>(doubled);
        using SpanOwner<float> outputs = HostBuffer.Rent<float>(doubled.WithChannels(Spec.Classes));
        pixels.CopyTo(inputs.Span);
        if (Options.Flip)
            Pixels.Flip(pixels, shape.Width, inputs.Span[pixels.Length..]);

        watch.Before();
        using PlanPool.Lease plans = pool.Rent(doubled, PredictionKind.Probabilities, watch.Cancellation);
        average.Clear();
        float share = 1f / (copies * plans.Scales.Count);
        for (int i = 0; i < plans.Scales.Count; i++)
        {
            watch.Before();
            plans.Scales[i].Run(inputs.Span, outputs.Span);
            Pixels.AddScaled(outputs.Span[..average.Length], share, average);
            if (Options.Flip)
                Pixels.AddScaledFlipped(outputs.Span[average.Length..], shape.Width, share, average);
            watch.After();
        }
    }
}
