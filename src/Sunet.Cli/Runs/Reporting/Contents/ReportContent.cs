namespace Sunet.Cli.Runs.Reporting.Contents;

/// <summary>All that the page of one run shows.</summary>
/// <param name="Run">What its folder tells.</param>
/// <param name="Segmenter">What the validation of its best weights found; null for a run that has none, such as a classifier's.</param>
internal sealed record ReportContent(RunRecord Run, SegmenterContent? Segmenter);

/// <summary>What the page of a segmenter's run shows of its validation.</summary>
/// <param name="Measures">All numbers.</param>
/// <param name="ClassNames">The classes by index.</param>
/// <param name="Images">The images that are shown.</param>
/// <param name="Findings">What is wrong with the data.</param>
/// <param name="MeasuredOn">The device and the precision of the validation, in a few words.</param>
internal sealed record SegmenterContent(
    SplitMeasures Measures, IReadOnlyList<string> ClassNames, ReportImages Images, DataFindings Findings, string MeasuredOn);
