namespace Sunet.Native.Tensors;

/// <summary>How 8-bit pixels become network input: (value / 255 - mean) / deviation, channel by channel in the order R, G, B.</summary>
/// <param name="Mean">Three means in [0, 1].</param>
/// <param name="Deviation">Three standard deviations, above 0.</param>
public sealed record ImageNormalization(IReadOnlyList<float> Mean, IReadOnlyList<float> Deviation)
{
    /// <summary>The ImageNet statistics that the authors' checkpoints were trained with.</summary>
    public static ImageNormalization ImageNet { get; } = new([0.485f, 0.456f, 0.406f], [0.229f, 0.224f, 0.225f]);

    /// <summary>Refuses numbers that make no sense.</summary>
    /// <exception cref="ConfigurationException">There are not three means in [0, 1] and three deviations above 0.</exception>
    public void Validate()
    {
        if (Mean.Count != 3 || !Mean.All(m => m is >= 0 and <= 1))
            throw new ConfigurationException("A normalization has three means from 0 to 1.");
        if (Deviation.Count != 3 || !Deviation.All(d => d > 0 && float.IsFinite(d)))
            throw new ConfigurationException("A normalization has three deviations above 0.");
    }
}
