using Sunet.Data.Augmentation;

namespace Sunet.Data.Loading;

/// <summary>How a <see cref="BatchLoader"/> makes batches for segmentation.</summary>
/// <param name="BatchSize">Samples in a batch.</param>
/// <param name="Augmentation">The crop, and how it is taken.</param>
public sealed record BatchLoaderSettings(int BatchSize, AugmentationSettings Augmentation) : LoaderSettings(BatchSize)
{
    /// <summary>Decoded images are kept in memory up to this many bytes, so that later epochs need not decode them; 0 keeps none.</summary>
    public long CacheBytes { get; init; }

    /// <inheritdoc/>
    internal override (int Height, int Width) Crop => (Augmentation.CropHeight, Augmentation.CropWidth);

    /// <inheritdoc/>
    public override void Validate()
    {
        Augmentation.Validate();
        base.Validate();
        if (CacheBytes < 0)
            throw new ConfigurationException($"A cache of {CacheBytes} bytes is out of range: 0 or more.");
    }
}
