using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Loading;

/// <summary>How a <see cref="BatchLoader"/> makes batches, whatever their labels are.</summary>
/// <param name="BatchSize">Samples in a batch.</param>
public abstract record LoaderSettings(int BatchSize)
{
    /// <summary>The seed of order and augmentation.</summary>
    public ulong Seed { get; init; }

    /// <summary>Whether each epoch has an order of its own; false reads the split in its own order.</summary>
    public bool Shuffle { get; init; } = true;

    /// <summary>
    /// Whether an incomplete last batch is filled up with the first samples of the epoch's order; false drops it. For measuring, which must
    /// see every image.
    /// </summary>
    public bool FillLast { get; init; }

    /// <summary>Half of the processors: the others compute.</summary>
    public static int DefaultWorkers => Math.Max(1, Environment.ProcessorCount / 2);

    /// <summary>An eighth of the memory that this process may use, but at least 512 MiB and at most 4 GiB.</summary>
    public static long DefaultDecodeBytes => DecodeBudget.DefaultBytes;

    /// <summary>The threads that decode and resample. Their number changes no bit of any batch.</summary>
    public int Workers { get; init; } = DefaultWorkers;

    /// <summary>The batches prepared ahead of the reader.</summary>
    public int Prefetch { get; init; } = 3;

    /// <summary>
    /// How pixels become network input, in batches of normalised pixels. In batches of bytes it is the mean colour, rounded to bytes, that
    /// crops have outside of images.
    /// </summary>
    public ImageNormalization Normalization { get; init; } = ImageNormalization.ImageNet;

    /// <summary>Larger images are refused by their header.</summary>
    public long PixelCap { get; init; } = ImageFile.DefaultPixelCap;

    /// <summary>
    /// Bytes that all workers decode in, together. A worker whose image does not fit waits for the others; an image that is larger than all
    /// of it is read alone.
    /// </summary>
    public long DecodeBytes { get; init; } = DefaultDecodeBytes;

    /// <summary>Height and width of a sample.</summary>
    internal abstract (int Height, int Width) Crop { get; }

    /// <summary>Makes sure that every value is usable.</summary>
    /// <exception cref="ConfigurationException">One is out of range.</exception>
    public virtual void Validate()
    {
        Require(BatchSize, 1, 65536, "batch size");
        Require(Workers, 1, 256, "number of workers");
        Require(Prefetch, 1, 1024, "number of prefetched batches");
        Require(PixelCap, 1, long.MaxValue, "pixel cap");
        Require(DecodeBytes, 1, long.MaxValue, "number of bytes to decode in");
        long elements = 3L * BatchSize * Crop.Height * Crop.Width;
        if (elements > Array.MaxLength)
        {
            throw new ConfigurationException(
                $"A batch of {BatchSize} crops of {Crop.Width} x {Crop.Height} has {elements} values, too many for one "
                + "array; lower the batch size or the crop.");
        }
    }

    private static void Require(long value, long low, long high, string what)
    {
        if (value < low || value > high)
        {
            string range = high == long.MaxValue ? $"at least {low}" : $"{low} to {high}";
            throw new ConfigurationException($"The {what} is {value}; it should be {range}.");
        }
    }
}
