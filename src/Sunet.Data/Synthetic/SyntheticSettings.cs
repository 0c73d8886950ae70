namespace Sunet.Data.Synthetic;

/// <summary>What <see cref="SyntheticDataset"/> writes.</summary>
internal sealed record SyntheticSettings
{
    /// <summary>Images in the split <c>train</c>.</summary>
    public int TrainImages { get; init; } = 200;

    /// <summary>Images in the split <c>val</c>.</summary>
    public int ValImages { get; init; } = 40;

    /// <summary>The height of the images in pixels.</summary>
    public int Height { get; init; } = 96;

    /// <summary>The width of the images in pixels.</summary>
    public int Width { get; init; } = 128;

    /// <summary>The seed of all that is random: one seed always writes the same bytes.</summary>
    public ulong Seed { get; init; }

    /// <summary>Makes sure that every value is usable.</summary>
    /// <exception cref="ConfigurationException">One is out of range.</exception>
    public void Validate()
    {
        Require(TrainImages, 1, 1_000_000, "number of training images");
        Require(ValImages, 1, 1_000_000, "number of validation images");
        Require(Height, 32, 4096, "height");
        Require(Width, 32, 4096, "width");
    }

    private static void Require(int value, int low, int high, string what)
    {
        if (value < low || value > high)
            throw new ConfigurationException($"The {what} is {value}; it should be {low} to {high}.");
    }
}
