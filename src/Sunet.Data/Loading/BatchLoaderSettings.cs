using Sunet.Data.Augmentation;
using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Loading;

/// <summary>How a <see cref="BatchLoader"/> makes batches.</summary>
/// <param name="BatchSize">Samples in a batch.</param>
/// <param name="Augmentation">The crop, and how it is taken.</param>
public sealed record BatchLoaderSettings(int BatchSize, AugmentationSettings Augmentation)
{
    /// <summary>The seed of order and augmentation.</summary>
    public ulong Seed { get; init; }

    /// <summary>Whether each epoch has an order of its own; false reads the split in its own order.</summary>
    public bool Shuffle { get; init; } = true;

    /// <summary>The threads that decode and resample. Their number changes no bit of any batch.</summary>
    public int Workers { get; init; } = Math.Max(1, Environment.ProcessorCount / 2);

    /// <summary>The batches prepared ahead of the reader.</summary>
    public int Prefetch { get; init; } = 3;

    /// <summary>Decoded images are kept in memory up to this many bytes, so that later epochs need not decode them; 0 keeps none.</summary>
    public long CacheBytes { get; init; }

    /// <summary>How pixels become network input.</summary>
    public ImageNormalization Normalization { get; init; } = ImageNormalization.ImageNet;

    /// <summary>Larger images are refused by their header.</summary>
    public long PixelCap { get; init; } = ImageFile.DefaultPixelCap;

    /// <summary>Makes sure that every value is usable.</summary>
    /// <exception cref="ConfigurationException">One is out of range.</exception>
    public void Validate()
    {
        Augmentation.Validate();
        Require(BatchSize, 1, 65536, "batch size");
        Require(Workers, 1, 256, "number of workers");
        Require(Prefetch, 1, 1024, "number of prefetched batches");
        if (CacheBytes < 0)
            throw new ConfigurationException($"A cache of {CacheBytes} bytes is out of range: 0 or more.");
        long elements = 3L * BatchSize * Augmentation.CropHeight * Augmentation.CropWidth;
        if (elements > Array.MaxLength)
        {
            throw new ConfigurationException(
                $"A batch of {BatchSize} crops of {Augmentation.CropWidth} x {Augmentation.CropHeight} has {elements} values, too many for one "
                + "array; lower the batch size or the crop.");
        }
    }

    private static void Require(int value, int low, int high, string what)
    {
        if (value < low || value > high)
            throw new ConfigurationException($"The {what} is {value}; it should be {low} to {high}.");
    }
}
