using Sunet.Native.Backends;
using Sunet.Native.Telemetry;
using Sunet.Native.Tensors;

namespace Sunet.Native.Inference;

/// <content>Images and labels in the memory of the device.</content>
public sealed partial class Predictor
{
    /// <summary>
    /// Labels every pixel of an image that lies in the device's memory, and leaves the labels there: nothing is copied between host and
    /// device. The labels are those of <see cref="Segment(ReadOnlySpan{byte}, ImageLayout, CommunityToolkit.HighPerformance.Span2D{byte},
    /// IProgress{PredictionProgress}, CancellationToken)"/>, bit for bit.
    /// </summary>
    /// <remarks>
    /// The addresses are those of the predictor's backend: device memory of its GPU, or host memory on the CPU. The image has to be
    /// complete before the call, or be computed by work that was issued before the call to the stream that the backend was given. The
    /// labels are complete when the call returns, and it then reads and writes the caller's memory no more, also if it throws. The image
    /// is predicted in one piece.
    /// </remarks>
    /// <param name="image">The address of [H, W, 3] bytes: red, green, blue, row after row without gaps.</param>
    /// <param name="labels">The address of room for [H, W] bytes, which receives class indices; apart from the image.</param>
    /// <param name="height">The image's height.</param>
    /// <param name="width">The image's width.</param>
    /// <param name="progress">Told after every run of the network; must neither call the predictor nor dispose it.</param>
    /// <param name="cancellation">Stops before the next run of the network.</param>
    /// <exception cref="ArgumentException">An address is 0, or a size is below 1.</exception>
    /// <exception cref="ConfigurationException">The predictor would cut the image into tiles or crops.</exception>
    /// <exception cref="BackendException">The device failed.</exception>
    /// <exception cref="MemoryException">The image does not fit into memory.</exception>
    /// <exception cref="InvalidOperationException">A callback of a call that is still running on this thread made the call.</exception>
    /// <exception cref="ObjectDisposedException">The predictor is disposed.</exception>
    /// <exception cref="OperationCanceledException">The caller wanted no more; the labels are undefined.</exception>
    public void SegmentOnDevice(nint image, nint labels, int height, int width, IProgress<PredictionProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        RequireAddress(image, "image", nameof(image));
        RequireAddress(labels, "labels", nameof(labels));
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        if (!IsWhole(height, width))
        {
            string cut = Options.CropSize > 0 ? $"crops of {Options.CropSize}" : $"tiles of at most {Options.TileSize}";
            throw new ConfigurationException($"An image on the device is predicted in one piece, and the options cut {height} x {width} "
                + $"into {cut} pixels a side. Use options without crops and with a {nameof(PredictorOptions.TileSize)} of 0, or an image "
                + "in the host's memory.");
        }

        using PlanPool.MarkedSlot slot = pool.Enter(cancellation);
        using MeasuredWork work = SunetTelemetry.Begin(SunetTelemetry.PredictActivity);
        PredictionWatch watch = Watch(height, width, progress, cancellation);
        watch.Before();
        using (PlanPool.Lease lease = pool.Rent(new Shape(1, 3, height, width), PredictionKind.Labels, watch.Cancellation))
            lease.Plan.LabelOnDevice(ref watch, image, labels);
        SunetTelemetry.Predicted(work);
    }

    private static void RequireAddress(nint address, string what, string name)
    {
        if (address == 0)
            throw new ArgumentException($"The address of the {what} is 0.", name);
    }
}
