namespace Sunet.Native.Inference;

/// <summary>How a predictor looks at an image.</summary>
public sealed record PredictorOptions
{
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

    /// <summary>How many image sizes a predictor keeps compiled; the one used longest ago goes first.</summary>
    public int CachedSizes { get; init; } = 4;

    /// <summary>Refuses options that make no sense.</summary>
    /// <exception cref="ConfigurationException">A number is out of range; the message names it.</exception>
    public void Validate()
    {
        if (Scales.Count == 0 || Scales.Any(s => s is not (> 0 and <= 8)))
            throw new ConfigurationException("There is at least one scale, and every scale is above 0 and at most 8.");
        if (TileSize != 0 && (TileSize < 64 || TileOverlap < 0 || TileOverlap > TileSize / 2))
            throw new ConfigurationException("A tile has 64 pixels or more a side, and tiles overlap by at most half.");
        if (CachedSizes < 1)
            throw new ConfigurationException("At least one image size is kept compiled.");
    }
}
