using Sunet.Cli.Runs.Measuring;
using Sunet.Data.Augmentation;
using Sunet.Data.Datasets;
using Sunet.Data.Loading;
using Sunet.Native;
using Sunet.Native.Backends;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Training;

namespace Sunet.Cli.Runs.Training;

/// <summary>What running statistics are taken anew of: images as they are predicted, not as they are trained on.</summary>
internal static class Calibration
{
    private const int MeasuredImages = 64;

    /// <summary>How batches are made: of the middle of each image at its own scale.</summary>
    /// <param name="size">What is taken of each; padded where an image is smaller.</param>
    /// <param name="batch">Images in a batch.</param>
    public static BatchLoaderSettings Loader((int Height, int Width) size, int batch) =>
        new(batch, new AugmentationSettings(size.Height, size.Width) { Enabled = false });

    /// <summary>
    /// The size that most of a split's first images have, the larger of equals, and at least the smallest that a network takes.
    /// </summary>
    public static (int Height, int Width) UsualSize(SegmentationDataset data)
    {
        ((int height, int width), _) = MaskSizes.Sorted(data.Items.Take(MeasuredImages)).CountBy(i => (i.Height, i.Width))
            .OrderBy(size => size.Value).ThenBy(size => (long)size.Key.Height * size.Key.Width).Last();
        return (Math.Max(height, SunetGraph.SmallestSize), Math.Max(width, SunetGraph.SmallestSize));
    }

    /// <summary>Takes the statistics.</summary>
    /// <param name="model">Changed once all is done.</param>
    /// <param name="images">As <see cref="Loader"/> makes them.</param>
    /// <param name="options">How many batches.</param>
    /// <param name="backend">Where it runs.</param>
    /// <param name="report">Told how many batches are done.</param>
    /// <param name="cancellation">Stops between two batches; the model is as it was.</param>
    /// <exception cref="SunetException">An image cannot be read, the device failed, or a statistic is not finite.</exception>
    public static void Run(SunetModel model, BatchLoader images, BatchNormCalibrationOptions options, IBackend backend, Action<int> report,
        CancellationToken cancellation) =>
        BatchNormCalibration.Run(model, images, options, backend, new AtOnce(report), cancellation);

    /// <summary>On the same thread, as a progress line wants it.</summary>
    private sealed class AtOnce(Action<int> report) : IProgress<int>
    {
        public void Report(int value) => report(value);
    }
}
