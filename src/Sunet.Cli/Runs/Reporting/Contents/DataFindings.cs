using System.Globalization;
using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Checking;

namespace Sunet.Cli.Runs.Reporting.Contents;

/// <summary>What is wrong with a run's data, or worth knowing of it.</summary>
/// <param name="Scope">What was looked at, in a sentence.</param>
/// <param name="Findings">What is wrong, a sentence each.</param>
/// <param name="Notes">What is worth knowing and no defect, a sentence each.</param>
internal sealed record DataFindings(string Scope, IReadOnlyList<string> Findings, IReadOnlyList<string> Notes)
{
    /// <summary>Stands for the findings of a page that shows none.</summary>
    public static DataFindings None { get; } = new("", [], []);

    // About as much as is read in ten seconds.
    private const int MostImages = 2000;
    private const long MostBytes = 256L << 20;

    /// <summary>
    /// Checks every file of a small data set. Of a large one, which would take long, it takes what opening it has found and what a
    /// sample of the labels shows.
    /// </summary>
    /// <param name="data">The data.</param>
    /// <param name="cancellation">Stops between two files.</param>
    public static DataFindings Of(ValidationData data, CancellationToken cancellation)
    {
        SegmentationDataset[] splits = [data.Training, data.Validation];
        if (IsSmall(splits))
        {
            DatasetReport report = DatasetCheck.Run(data.Path, data.Options, data.PixelCap, progress: null, cancellation);
            return new DataFindings(
                string.Create(CultureInfo.InvariantCulture, $"All files of the data set were read, {report.ImageCount} images."),
                [.. report.Findings.Select(finding => finding.Problem)], report.Notes);
        }

        string[] doubts = [.. splits.Select(split =>
            LabelCounts.Sample(split, cancellation).Doubt(split.Split, split.Items.Count, split.ClassNames)).OfType<string>()];
        return new DataFindings(
            "The data set is large, so only its lists and a sample of its labels were looked at; 'sunet data check' reads every file.",
            doubts, [.. splits.SelectMany(split => split.Notes).Distinct()]);
    }

    private static bool IsSmall(IEnumerable<SegmentationDataset> splits)
    {
        string[] files = [.. splits.SelectMany(split => split.Items).Select(item => item.ImagePath).Distinct().Take(MostImages + 1)];
        return files.Length <= MostImages && files.Sum(file => new FileInfo(file) is { Exists: true } info ? info.Length : 0) <= MostBytes;
    }
}
