namespace Sunet.Native.Inference;

/// <summary>Settings of a predictor: scales, flips, tiles or crops, and how many calls run at a time.</summary>
public sealed record PredictorOptions
{
    /// <summary>The longest side of a JPEG file.</summary>
    private const int LargestSide = 65_535;

    /// <summary>The paper's scales for evaluation (section 7.4).</summary>
    public static IReadOnlyList<double> PaperScales { get; } = [0.5, 0.75, 1.0, 1.25];

    /// <summary>Factors on height and width; the class probabilities of all are averaged.</summary>
    public IReadOnlyList<double> Scales { get; init; } = [1.0];

    /// <summary>Whether the left-right flipped image is averaged in, too.</summary>
    public bool Flip { get; init; }

    /// <summary>Images with a longer side are cut into overlapping tiles of at most this many pixels a side; 0 never cuts.</summary>
    public int TileSize { get; init; } = 2048;

    /// <summary>Pixels that neighbouring tiles share; their probabilities are blended there.</summary>
    public int TileOverlap { get; init; } = 256;

    /// <summary>
    /// Side of the crops that the image at each scale is cut into, padded where it is shorter, as the authors' evaluation does with 512; 0
    /// for none. Crops are applied before tiles, each of which is predicted at all scales.
    /// </summary>
    public int CropSize { get; init; }

    /// <summary>From one crop to the next, as a share of a crop; neighbours overlap by the rest.</summary>
    public double CropStride { get; init; } = 2.0 / 3;

    /// <summary>With crops, pixels of the shorter side at scale 1, which the authors set to 512; 0 leaves every image its own.</summary>
    public int CropBase { get; init; }

    /// <summary>
    /// How many calls run at a time, each on its own activations; all share one copy of the weights. On the CPU it pays off with a backend
    /// of few threads.
    /// </summary>
    public int Concurrency { get; init; } = 1;

    /// <summary>
    /// Bytes of compiled sizes that a predictor keeps for their next image. The size used longest ago goes first, and the one used last
    /// stays in any case. Null for 256 MiB of the host's memory, or an eighth of a device's own. All give way where memory is short.
    /// </summary>
    public long? CacheBytes { get; init; }

    /// <summary>Refuses options that make no sense.</summary>
    /// <exception cref="ConfigurationException">A number is out of range; the message names it.</exception>
    public void Validate()
    {
        if (Scales.Count == 0 || Scales.Any(s => s is not (> 0 and <= 8)))
            throw new ConfigurationException("There is at least one scale, and every scale is above 0 and at most 8.");
        if (TileSize != 0 && (TileSize < 64 || TileOverlap < 0 || TileOverlap > TileSize / 2))
            throw new ConfigurationException("A tile has 64 pixels or more a side, and tiles overlap by at most half.");
        if (CropSize != 0 && (CropSize is < 64 or > LargestSide || CropStride is not (> 0 and <= 1)))
            throw new ConfigurationException($"A crop has 64 to {LargestSide} pixels a side, and crops lie apart by at most their side.");
        if (CropBase is < 0 or > LargestSide)
            throw new ConfigurationException($"The base size of crops is 1 to {LargestSide}, or 0 for the image's own; not {CropBase}.");
        if (CropSize == 0 && CropBase != 0)
            throw new ConfigurationException("Only crops have a base size.");
        if (Concurrency < 1)
            throw new ConfigurationException("At least one call runs at a time.");
        if (CacheBytes < 0)
            throw new ConfigurationException("A predictor keeps 0 bytes of compiled sizes or more.");
    }
}
