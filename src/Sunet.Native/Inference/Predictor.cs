using CommunityToolkit.HighPerformance;
using CommunityToolkit.HighPerformance.Buffers;
using Sunet.Native.Backends;
using Sunet.Native.Inference.Streams;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Telemetry;
using Sunet.Native.Tensors;

namespace Sunet.Native.Inference;

/// <summary>
/// Segments images with a model: at one scale or several, with or without the flipped image, in one piece, in tiles or in crops. Plans are
/// compiled at the first image of a size and kept. Any number of threads may call it; <see cref="PredictorOptions.Concurrency"/> calls run
/// at a time, with results that do not depend on it, and the others wait for a slot. Progress is reported on the calling thread.
/// </summary>
public sealed partial class Predictor : IDisposable
{
    private readonly PlanPool pool;
    private readonly ScaleAverage scales;

    /// <summary>Prepares prediction.</summary>
    /// <param name="model">A segmenter; its weights are read when a size is compiled and must not change in between.</param>
    /// <param name="options">How images are predicted.</param>
    /// <param name="backend">Where it runs; it must outlive the predictor.</param>
    /// <exception cref="ConfigurationException">The model is no segmenter, or an option is out of range.</exception>
    public Predictor(ISunetWeights model, PredictorOptions options, IBackend backend)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(backend);
        options.Validate();
        if (model.Spec.Head != SunetHead.Segmenter)
            throw new ConfigurationException("Only a segmenter labels pixels; this model is a classifier.");
        Model = model;
        Options = options;
        pool = new PlanPool(this, model, options.CropSize > 0 ? [1.0] : options.Scales, options, backend);
        scales = new ScaleAverage(pool, model.Spec, options);
    }

    /// <summary>The model.</summary>
    public ISunetWeights Model { get; }

    /// <summary>How images are predicted.</summary>
    public PredictorOptions Options { get; }

    /// <summary>Bytes of the weights on the device, of which all sizes and all calls share one copy.</summary>
    public long WeightBytes => pool.WeightBytes;

    /// <summary>Labels every pixel with its likeliest class. Of a tiled image no map of probabilities is made.</summary>
    /// <param name="image">[H, W].</param>
    /// <param name="labels">Receives class indices, [H, W] of the image.</param>
    /// <param name="progress">Told after every run of the network; must neither call the predictor nor dispose it.</param>
    /// <param name="cancellation">Stops before the next run of the network.</param>
    /// <exception cref="ArgumentException">The sizes differ.</exception>
    /// <exception cref="MemoryException">The image does not fit into memory.</exception>
    /// <exception cref="InvalidOperationException">A callback of a call that is still running on this thread made the call.</exception>
    /// <exception cref="ObjectDisposedException">The predictor is disposed.</exception>
    /// <exception cref="OperationCanceledException">The caller wanted no more; <paramref name="labels"/> are undefined.</exception>
    public void Segment(ReadOnlySpan2D<Rgb> image, Span2D<byte> labels, IProgress<PredictionProgress>? progress = null,
        CancellationToken cancellation = default) =>
        Segment(new ImagePixels(image), labels, progress, cancellation);

    /// <summary>
    /// Labels every pixel of an image that lies as another library keeps it. The labels are those of the same image as
    /// <see cref="Rgb"/>, bit for bit. RGB without gaps between rows is read where it is; any other layout is converted once, into the
    /// memory from which the device takes it.
    /// </summary>
    /// <param name="pixels">The image from the first byte of its first pixel on; bytes behind the last pixel are ignored.</param>
    /// <param name="layout">How it lies there.</param>
    /// <param name="labels">Receives class indices, [H, W] of the image.</param>
    /// <param name="progress">Told after every run of the network; must neither call the predictor nor dispose it.</param>
    /// <param name="cancellation">Stops before the next run of the network.</param>
    /// <exception cref="ArgumentException">
    /// The sizes differ, the image does not fit into <paramref name="pixels"/>, or the layout has no pixels.
    /// </exception>
    /// <exception cref="MemoryException">The image does not fit into memory.</exception>
    /// <exception cref="InvalidOperationException">A callback of a call that is still running on this thread made the call.</exception>
    /// <exception cref="ObjectDisposedException">The predictor is disposed.</exception>
    /// <exception cref="OperationCanceledException">The caller wanted no more; <paramref name="labels"/> are undefined.</exception>
    public void Segment(ReadOnlySpan<byte> pixels, ImageLayout layout, Span2D<byte> labels, IProgress<PredictionProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        layout.Require(pixels.Length, nameof(pixels));
        Segment(new ImagePixels(pixels, layout), labels, progress, cancellation);
    }

    /// <summary>
    /// <see cref="Segment(ReadOnlySpan2D{Rgb}, Span2D{byte}, IProgress{PredictionProgress}, CancellationToken)"/> on a thread of the
    /// pool; no thread waits for a slot. Image and labels must stay as they are until it is done.
    /// </summary>
    /// <param name="image">[H, W].</param>
    /// <param name="labels">Receives class indices, [H, W] of the image.</param>
    /// <param name="progress">
    /// Told after every run of the network, on the thread it ran on; must neither call the predictor nor dispose it.
    /// </param>
    /// <param name="cancellation">Stops before the next run of the network.</param>
    /// <exception cref="ArgumentException">The sizes differ.</exception>
    /// <exception cref="MemoryException">The image does not fit into memory.</exception>
    /// <exception cref="InvalidOperationException">A callback of a call that is still running on this thread made the call.</exception>
    /// <exception cref="ObjectDisposedException">The predictor is disposed.</exception>
    /// <exception cref="OperationCanceledException">The caller wanted no more; <paramref name="labels"/> are undefined.</exception>
    public Task SegmentAsync(ReadOnlyMemory2D<Rgb> image, Memory2D<byte> labels, IProgress<PredictionProgress>? progress = null,
        CancellationToken cancellation = default) =>
        SegmentAsync(new ImageRequest { Image = image, Labels = labels }, progress, cancellation);

    /// <summary>
    /// <see cref="Segment(ReadOnlySpan{byte}, ImageLayout, Span2D{byte}, IProgress{PredictionProgress}, CancellationToken)"/> on a thread
    /// of the pool; no thread waits for a slot. Image and labels must stay as they are until it is done.
    /// </summary>
    /// <param name="pixels">The image from the first byte of its first pixel on; bytes behind the last pixel are ignored.</param>
    /// <param name="layout">How it lies there.</param>
    /// <param name="labels">Receives class indices, [H, W] of the image.</param>
    /// <param name="progress">
    /// Told after every run of the network, on the thread it ran on; must neither call the predictor nor dispose it.
    /// </param>
    /// <param name="cancellation">Stops before the next run of the network.</param>
    /// <exception cref="ArgumentException">
    /// The sizes differ, the image does not fit into <paramref name="pixels"/>, or the layout has no pixels.
    /// </exception>
    /// <exception cref="MemoryException">The image does not fit into memory.</exception>
    /// <exception cref="InvalidOperationException">A callback of a call that is still running on this thread made the call.</exception>
    /// <exception cref="ObjectDisposedException">The predictor is disposed.</exception>
    /// <exception cref="OperationCanceledException">The caller wanted no more; <paramref name="labels"/> are undefined.</exception>
    public async Task SegmentAsync(ReadOnlyMemory<byte> pixels, ImageLayout layout, Memory2D<byte> labels,
        IProgress<PredictionProgress>? progress = null, CancellationToken cancellation = default) =>
        await SegmentAsync(new ImageRequest(pixels, layout, labels), progress, cancellation).ConfigureAwait(false);

    /// <summary>
    /// Labels every pixel with its likeliest class and adds the (label, prediction) pairs to a matrix. Where an image is predicted in one
    /// piece, they are counted where they are computed, and only the counts come back.
    /// </summary>
    /// <param name="image">[H, W].</param>
    /// <param name="labels">[H, W]; 255 takes no part.</param>
    /// <param name="matrix">Of the model's classes; one thread's.</param>
    /// <param name="predictions">Receives the likeliest classes, [H, W]; empty where nobody wants to see them.</param>
    /// <param name="cancellation">Stops before the next run of the network; nothing is counted then.</param>
    /// <exception cref="ArgumentException">Sizes or classes differ, or a label is out of range; nothing is counted then.</exception>
    /// <exception cref="MemoryException">The image does not fit into memory.</exception>
    /// <exception cref="InvalidOperationException">A callback of a call that is still running on this thread made the call.</exception>
    /// <exception cref="ObjectDisposedException">The predictor is disposed.</exception>
    /// <exception cref="OperationCanceledException">The caller wanted no more.</exception>
    public void Count(ReadOnlySpan2D<Rgb> image, ReadOnlySpan2D<byte> labels, ConfusionMatrix matrix, Span2D<byte> predictions = default,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        (int height, int width) = (image.Height, image.Width);
        RequireSize(labels, height, width, "Labels", nameof(labels));
        if (!predictions.IsEmpty)
            RequireSize(predictions, height, width, "Predictions", nameof(predictions));
        if (matrix.Classes != Model.Spec.Classes)
            throw new ArgumentException($"The matrix has {matrix.Classes} classes and the model {Model.Spec.Classes}.", nameof(matrix));
        using PlanPool.MarkedSlot slot = pool.Enter(cancellation);
        using MeasuredWork work = SunetTelemetry.Begin(SunetTelemetry.PredictActivity);
        PredictionWatch watch = Watch(height, width, null, cancellation);
        var pixels = new ImagePixels(image);
        var shape = new Shape(1, 3, height, width);
        if (IsWhole(height, width))
        {
            CountAtOnce(ref watch, pixels, shape, labels, matrix, predictions);
            SunetTelemetry.Predicted(work);
            return;
        }

        using SpanOwner<byte> flat = SpanOwner<byte>.Allocate(predictions.IsEmpty ? height * width : 0);
        if (predictions.IsEmpty)
            predictions = Span2D<byte>.DangerousCreate(ref flat.DangerousGetReference(), height, width, 0);
        Label(ref watch, pixels, predictions);
        matrix.Add(labels, predictions);
        SunetTelemetry.Predicted(work);
    }

    /// <summary>Averages the class probabilities of all scales and flips.</summary>
    /// <param name="image">[H, W].</param>
    /// <param name="probabilities">Receives [classes, H, W], row-major; every pixel sums to 1.</param>
    /// <param name="progress">Told after every run of the network; must neither call the predictor nor dispose it.</param>
    /// <param name="cancellation">Stops before the next run of the network.</param>
    /// <exception cref="ArgumentException">The size is not classes * H * W.</exception>
    /// <exception cref="MemoryException">The image does not fit into memory.</exception>
    /// <exception cref="InvalidOperationException">A callback of a call that is still running on this thread made the call.</exception>
    /// <exception cref="ObjectDisposedException">The predictor is disposed.</exception>
    /// <exception cref="OperationCanceledException">The caller wanted no more; <paramref name="probabilities"/> are undefined.</exception>
    public void Probabilities(ReadOnlySpan2D<Rgb> image, Span<float> probabilities, IProgress<PredictionProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        int classes = Model.Spec.Classes;
        if (probabilities.Length != classes * (long)image.Height * image.Width)
        {
            throw new ArgumentException(
                $"There are {classes} x {image.Height} x {image.Width} probabilities, not {probabilities.Length}.", nameof(probabilities));
        }

        using PlanPool.MarkedSlot slot = pool.Enter(cancellation);
        using MeasuredWork work = SunetTelemetry.Begin(SunetTelemetry.PredictActivity);
        PredictionWatch watch = Watch(image.Height, image.Width, progress, cancellation);
        Map(ref watch, new ImagePixels(image), probabilities);
        SunetTelemetry.Predicted(work);
    }

    /// <summary>
    /// Compiles what
    /// <see cref="Segment(ReadOnlySpan2D{Rgb}, Span2D{byte}, IProgress{PredictionProgress}, CancellationToken)"/> needs for an image size
    /// ahead of its first image, for every call that may run at a time. Waits for the calls that are running.
    /// </summary>
    /// <param name="height">The images' height.</param>
    /// <param name="width">Their width.</param>
    /// <param name="cancellation">Stops waiting and compiling; what is compiled by then is kept.</param>
    /// <exception cref="MemoryException">The size does not fit into memory.</exception>
    /// <exception cref="InvalidOperationException">A callback of a call that is still running on this thread made the call.</exception>
    /// <exception cref="ObjectDisposedException">The predictor is disposed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public void WarmUp(int height, int width, CancellationToken cancellation = default)
    {
        PredictionKind kind = PredictionKind.Labels;
        if (Options.CropSize > 0)
            (height, width, kind) = (Options.CropSize, Options.CropSize, PredictionKind.ProbabilitiesOfPixels);
        else if (MustTile(height, width))
            (height, width, kind) = (Math.Min(height, Options.TileSize), Math.Min(width, Options.TileSize), PredictionKind.Probabilities);
        pool.WarmUp(new Shape(1, 3, height, width), kind, cancellation);
    }

    /// <summary>Waits for the running calls, which complete as usual. Later calls, and calls that wait for a slot, are refused.</summary>
    /// <exception cref="InvalidOperationException">A callback of a call that is still running on this thread wants it.</exception>
    public void Dispose() => pool.Dispose();

    private static void RequireSize(ReadOnlySpan2D<byte> map, int height, int width, string what, string name)
    {
        if (map.Height != height || map.Width != width)
            throw new ArgumentException($"{what} are {map.Height} x {map.Width} and the image {height} x {width}.", name);
    }

    private void Segment(ImagePixels image, Span2D<byte> labels, IProgress<PredictionProgress>? progress, CancellationToken cancellation)
    {
        RequireSize(labels, image.Height, image.Width, "Labels", nameof(labels));
        using PlanPool.MarkedSlot slot = pool.Enter(cancellation);
        using MeasuredWork work = SunetTelemetry.Begin(SunetTelemetry.PredictActivity);
        PredictionWatch watch = Watch(image.Height, image.Width, progress, cancellation);
        Label(ref watch, image, labels);
        SunetTelemetry.Predicted(work);
    }

    private async Task SegmentAsync(ImageRequest request, IProgress<PredictionProgress>? progress, CancellationToken cancellation)
    {
        (int height, int width, Memory2D<byte> labels) = (request.Height, request.Width, request.Labels);
        RequireSize(labels.Span, height, width, "Labels", nameof(labels));
        using PlanPool.Slot slot = await pool.EnterAsync(cancellation).ConfigureAwait(false);
        await Task.Run(
            () =>
            {
                using CallMark mark = pool.Mark();
                using MeasuredWork work = SunetTelemetry.Begin(SunetTelemetry.PredictActivity);
                PredictionWatch watch = Watch(height, width, progress, cancellation);
                Label(ref watch, request.Source, labels.Span);
                SunetTelemetry.Predicted(work);
            },
            cancellation).ConfigureAwait(false);
    }

    private PredictionWatch Watch(int height, int width, IProgress<PredictionProgress>? progress, CancellationToken cancellation) =>
        new(progress is null ? 0 : NetworkRuns(height, width), progress, cancellation);
}
