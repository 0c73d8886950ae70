using System.Globalization;
using Sunet.Cli.Settings;
using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Reading;
using Sunet.Data.Images;
using Sunet.Native;

namespace Sunet.Cli.Runs.Reporting.Contents;

/// <summary>The data of a run, and how it is read.</summary>
/// <param name="Path">Where the data set is.</param>
/// <param name="Training">The images that were trained on.</param>
/// <param name="Validation">The images that are measured.</param>
/// <param name="Options">How labels are read.</param>
/// <param name="PixelCap">The most pixels of an image.</param>
internal sealed record ValidationData(
    string Path, SegmentationDataset Training, SegmentationDataset Validation, DatasetOptions Options, long PixelCap)
{
    /// <summary>Opens the data that a run names; no image is decoded.</summary>
    /// <param name="run">The run.</param>
    /// <param name="moved">Where the data set is now; null for where the run has it.</param>
    /// <param name="cancellation">Stops listing files.</param>
    /// <exception cref="SunetException">The data is not there, is no data set, or the run's settings are damaged.</exception>
    public static ValidationData Open(RunRecord run, string? moved, CancellationToken cancellation)
    {
        string path = moved ?? run.Setting("data", "");
        if (!System.IO.Path.Exists(path))
        {
            throw new DataException(moved is null
                ? $"The data of the run '{run.Folder}' is not at '{path}' any more; say with '--data' where it is."
                : $"'{path}' is not there.", path);
        }

        var options = new DatasetOptions { BinaryMasks = run.Setting("binary-masks", Settings.Setting.Off) == Settings.Setting.On };
        string cap = run.Setting("pixel-cap", ImageFile.DefaultPixelCap.ToString(CultureInfo.InvariantCulture));
        if (!long.TryParse(cap, NumberStyles.None, CultureInfo.InvariantCulture, out long pixelCap) || pixelCap < 1)
            throw new ConfigurationException($"The run '{run.Folder}' has the pixel-cap '{cap}', which is no number from 1.");
        return new ValidationData(path, DatasetReader.Open(path, run.Setting("train-split", "train"), options, cancellation),
            DatasetReader.Open(path, run.Setting("val-split", "val"), options, cancellation), options, pixelCap);
    }
}
