using Sunet.Data.Augmentation;

namespace Sunet.Data.Loading;

/// <summary>How a <see cref="BatchLoader"/> makes batches for classification.</summary>
/// <param name="BatchSize">Samples in a batch.</param>
/// <param name="Augmentation">The crop, and how it is taken.</param>
public sealed record ClassificationLoaderSettings(int BatchSize, ClassificationAugmentation Augmentation) : LoaderSettings(BatchSize)
{
    /// <inheritdoc/>
    internal override (int Height, int Width) Crop => (Augmentation.CropHeight, Augmentation.CropWidth);

    /// <inheritdoc/>
    public override void Validate()
    {
        Augmentation.Validate();
        base.Validate();
    }
}
