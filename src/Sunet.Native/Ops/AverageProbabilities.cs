using Sunet.Native.Graphs;
using Sunet.Native.Tensors;

namespace Sunet.Native.Ops;

/// <summary>The logits that a network gave for an image at one scale.</summary>
/// <param name="Logits">At the size of the network's features, [N, C, h, w].</param>
/// <param name="NetworkSize">Height and width of the network's input, to which logits are resized.</param>
/// <param name="IsMirrored">
/// Whether the network saw the image mirrored left to right, so that its probabilities are mirrored back.
/// </param>
public readonly record struct ScaledLogits(Value Logits, (int H, int W) NetworkSize, bool IsMirrored);

/// <summary>
/// The mean over several scales of class probabilities at an image's size, [N, C, H, W]. Of each scale, the logits are resized to the
/// network's size, the softmax over channels gives probabilities, and these are resized to the image's size, bilinearly with align_corners
/// = false both times. No value at full size is made but the mean. Prediction only.
/// </summary>
public sealed class AverageProbabilities : Op
{
    private readonly (OpInput Logits, (int H, int W) NetworkSize, bool IsMirrored)[] scales;

    /// <summary>Creates the op.</summary>
    /// <param name="name">The layer's name.</param>
    /// <param name="scales">What is averaged, in the order in which it is added up.</param>
    /// <param name="size">Height and width of the image.</param>
    /// <exception cref="ConfigurationException">There is no scale, or the logits' images or channels differ.</exception>
    public AverageProbabilities(string name, IReadOnlyList<ScaledLogits> scales, (int H, int W) size) : base(name, Phase.Forward)
    {
        ArgumentNullException.ThrowIfNull(scales);
        Require(scales.Count > 0, "there is nothing to average");
        this.scales = [.. scales.Select(s => (AddInput(s.Logits), s.NetworkSize, s.IsMirrored))];
        Shape first = scales[0].Logits.Shape;
        foreach (ScaledLogits scale in scales)
        {
            Shape s = scale.Logits.Shape;
            Require(s.Rank == 4 && s.Batch == first.Batch && s.Channels == first.Channels, $"logits {s} do not fit logits {first}");
            Require(scale.NetworkSize is { H: > 0, W: > 0 }, $"a network of {scale.NetworkSize.H} x {scale.NetworkSize.W} has no pixels");
        }

        AddOutput("", first.WithSize(size.H, size.W));
    }

    /// <summary>What is averaged, in the order in which it is added up.</summary>
    public IEnumerable<ScaledLogits> Scales => scales.Select(s => new ScaledLogits(s.Logits.Value, s.NetworkSize, s.IsMirrored));

    /// <inheritdoc/>
    public override bool KeepsFloat32 => true;

    /// <inheritdoc/>
    public override bool IsRowMajor => true;

    /// <summary>Floating-point operations of both resizes, the softmax between them, and the sum.</summary>
    public override long Flops => scales.Sum(s =>
        (13 * (long)Output.Shape.Batch * Output.Shape.Channels * s.NetworkSize.H * s.NetworkSize.W) + (10 * Output.Shape.Count));
}
