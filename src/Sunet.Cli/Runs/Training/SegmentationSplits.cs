using Sunet.Cli.Settings;
using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Reading;

namespace Sunet.Cli.Runs.Training;

/// <summary>The two parts of a segmentation data set that a training uses.</summary>
/// <param name="Training">The images to train on.</param>
/// <param name="Validation">The images to validate on.</param>
internal sealed record SegmentationSplits(SegmentationDataset Training, SegmentationDataset Validation)
{
    /// <summary>Opens both parts; no image is decoded.</summary>
    /// <exception cref="Sunet.Native.SunetException">A setting is out of range, or a part is missing, empty or damaged.</exception>
    public static SegmentationSplits Open(SettingValues values, CancellationToken cancellation)
    {
        DatasetOptions labels = LabelSettings.Options(values);
        return new SegmentationSplits(
            DatasetReader.Open(values.Text("data"), values.Text("train-split"), labels, cancellation),
            DatasetReader.Open(values.Text("data"), values.Text("val-split"), labels, cancellation));
    }
}
