namespace Sunet.Data.Datasets.Checking;

/// <summary>What <see cref="DatasetCheck"/> found.</summary>
/// <param name="Findings">Everything wrong, by path; empty for a clean data set.</param>
/// <param name="ImageCount">The images of all splits, each counted once.</param>
/// <param name="ClassNames">The classes' names by index; empty where the layout could not be opened.</param>
/// <param name="ClassPixels">The labelled pixels of each class, over all maps that could be read.</param>
/// <param name="IgnoredPixels">The pixels labelled 255.</param>
internal sealed record DatasetReport(
    IReadOnlyList<DatasetFinding> Findings,
    int ImageCount,
    IReadOnlyList<string> ClassNames,
    IReadOnlyList<long> ClassPixels,
    long IgnoredPixels)
{
    /// <summary>The images of each class of a data set for classification; empty for segmentation.</summary>
    public IReadOnlyList<long> ClassImages { get; init; } = [];

    /// <summary>What a user should know of the data set and is no defect, a sentence each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>
    /// The images that are stored otherwise than they are shown. They are turned by their EXIF orientation wherever they are read, so that
    /// this is a note and no finding; labels are taken as they are.
    /// </summary>
    public int TurnedImages { get; init; }

    /// <summary>Findings by path, each once.</summary>
    internal static IReadOnlyList<DatasetFinding> Sorted(IEnumerable<DatasetFinding> findings) =>
        [.. findings.Distinct().OrderBy(finding => finding.Path, StringComparer.Ordinal)];
}
