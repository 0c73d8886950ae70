using CommunityToolkit.HighPerformance;

namespace Sunet.Native.Inference;

/// <summary>The strongest feature map of one level of a network: the channel with the largest mean of absolute activations.</summary>
/// <param name="Group">The block the level belongs to, such as <c>features.unet1_0</c>.</param>
/// <param name="Layer">The level, such as <c>features.unet1_0.down.0</c>.</param>
/// <param name="Channel">Which channel it is, from 0.</param>
/// <param name="Channels">How many the level has.</param>
/// <param name="MeanAbsolute">The mean of the channel's absolute activations; NaN where one is not a number.</param>
/// <param name="Values">[H, W] activations as they are, before batch-norm and ReLU of the layers that read them.</param>
internal sealed record ActivationMap(
    string Group, string Layer, int Channel, int Channels, double MeanAbsolute, ReadOnlyMemory2D<float> Values);
