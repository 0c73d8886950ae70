namespace Sunet.Data.Conversion;

/// <summary>What <see cref="DatasetConverter"/> did.</summary>
/// <param name="Root">The new data set's folder.</param>
/// <param name="Splits">Each split and the number of its images.</param>
/// <param name="ClassCount">The classes, ignore not counted.</param>
/// <param name="Written">The images that were written, each counted once.</param>
/// <param name="Kept">Those that an interrupted conversion had written before.</param>
internal sealed record ConversionReport(
    string Root, IReadOnlyList<(string Split, int Images)> Splits, int ClassCount, int Written, int Kept);
