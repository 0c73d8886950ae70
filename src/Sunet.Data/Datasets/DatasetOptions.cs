namespace Sunet.Data.Datasets;

/// <summary>How the labels of a data set are read.</summary>
internal sealed record DatasetOptions
{
    /// <summary>Labels are read as they are stored.</summary>
    public static DatasetOptions Default { get; } = new();

    /// <summary>
    /// Whether masks of 0 and 255, as many tools write them, have two classes: 255 is read as class 1 and not as ignored. For data sets of
    /// two classes with PNG masks.
    /// </summary>
    public bool BinaryMasks { get; init; }
}
