namespace Sunet.Data.Augmentation;

/// <summary>
/// How a training sample is made from an image: random scale, rotation and flip, then a random crop, all in one resampling. The defaults
/// are those SUNet was trained with.
/// </summary>
/// <param name="CropHeight">The sample's height.</param>
/// <param name="CropWidth">The sample's width.</param>
public sealed record AugmentationSettings(int CropHeight, int CropWidth)
{
    /// <summary>
    /// Whether samples vary. If false, a sample is the image's centre at its own scale, and all other settings are ignored.
    /// </summary>
    public bool Enabled { get; init; } = true;

    /// <summary>The smallest factor the image is resized by; drawn uniformly up to <see cref="ScaleMax"/>.</summary>
    public float ScaleMin { get; init; } = 0.5f;

    /// <summary>The largest factor the image is resized by.</summary>
    public float ScaleMax { get; init; } = 2f;

    /// <summary>The largest rotation in degrees; it is drawn uniformly between minus and plus this.</summary>
    public float RotationDegrees { get; init; } = 10f;

    /// <summary>Whether half of the samples are mirrored left to right.</summary>
    public bool Flip { get; init; } = true;

    /// <summary>Makes sure that every value is usable.</summary>
    /// <exception cref="ConfigurationException">One is out of range.</exception>
    public void Validate()
    {
        if (CropHeight is < 1 or > 16384 || CropWidth is < 1 or > 16384)
            throw new ConfigurationException($"A crop of {CropWidth} x {CropHeight} is out of range: each side is 1 to 16384.");
        if (!(ScaleMin >= 0.01f && ScaleMax <= 100f && ScaleMin <= ScaleMax))
        {
            throw new ConfigurationException(
                $"Scales from {ScaleMin} to {ScaleMax} are out of range: 0.01 <= ScaleMin <= ScaleMax <= 100.");
        }

        if (!(RotationDegrees is >= 0f and <= 180f))
            throw new ConfigurationException($"A rotation of {RotationDegrees} degrees is out of range: 0 to 180.");
    }
}
