using Sunet.Cli.Runs.Reporting.Scores;
using Sunet.Data.Reporting;

namespace Sunet.Cli.Runs.Reporting.Contents;

/// <summary>An image that a report shows.</summary>
/// <param name="Score">How well it was predicted.</param>
/// <param name="Picture">The photograph with its layers; what is marked are the wrong pixels, or those with doubtful labels.</param>
internal sealed record ReportImage(ImageScore Score, LayeredPicture Picture)
{
    /// <summary>The regions whose labels are doubtful; empty for an image that is shown for another reason.</summary>
    public IReadOnlyList<LabelDoubt> Doubts { get; init; } = [];
}
