using CommunityToolkit.HighPerformance;
using Sunet.Native.Backends;
using Sunet.Native.Inference.Streams;
using Sunet.Native.Telemetry;
using Sunet.Native.Tensors;

namespace Sunet.Native.Inference;

/// <content>Streams of images.</content>
public sealed partial class Predictor
{
    /// <summary>How the device predicts most images in a time.</summary>
    internal BatchingHint Batching => pool.Batching;

    /// <summary>
    /// Labels the images of a stream, of any sizes and layouts, several at a time. An image's labels have the same bits alone and among
    /// others, and on the CPU those of
    /// <see cref="Segment(ReadOnlySpan2D{Rgb}, Span2D{byte}, IProgress{PredictionProgress}, CancellationToken)"/>. An image that fails has
    /// its failure as its result, and the others go on. Memory is bounded by <see cref="StreamOptions.Capacity"/>. Nothing is allocated
    /// for an image of a size that has been seen. RGB and labels that lie row after row are used where they are if images run one by one;
    /// anything else is copied once. <see cref="PredictorOptions.Concurrency"/> does not bind a stream.
    /// </summary>
    /// <param name="images">The images. They are taken on threads of the pool, some before earlier results have been taken.</param>
    /// <param name="options">Order, batches and delays; null for the defaults.</param>
    /// <param name="cancellation">
    /// Stops taking images. Results of those that are finished still come, and then an <see cref="OperationCanceledException"/>.
    /// </param>
    /// <returns>A result for every image. An exception of the source is thrown after the results of the images before it.</returns>
    /// <exception cref="ConfigurationException">An option is out of range.</exception>
    /// <exception cref="ObjectDisposedException">The predictor is disposed.</exception>
    public IAsyncEnumerable<ImageResult> SegmentMany(
        IAsyncEnumerable<ImageRequest> images, StreamOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        options ??= new StreamOptions();
        options.Validate();
        pool.ThrowIfDisposed();
        BatchingHint hint = Batching;
        int batchSize = options.BatchSize > 0 ? options.BatchSize : hint.BatchSize;
        int concurrency = options.Concurrency > 0 ? options.Concurrency : hint.Concurrency;
        options = options with
        {
            BatchSize = batchSize,
            Concurrency = concurrency,
            Capacity = options.Capacity > 0 ? options.Capacity : 2 * batchSize * concurrency,
        };
        return ImageStream.Run(images, new BatchSegmenter(this, batchSize, concurrency), options, cancellation);
    }

    /// <summary>
    /// Compiles what a stream of one size needs with the device's own numbers, as <see cref="SegmentMany"/> does at its first images; for
    /// streams whose first image must not wait. Images that are cut are left to their first.
    /// </summary>
    /// <param name="height">The images' height.</param>
    /// <param name="width">Their width.</param>
    /// <param name="cancellation">Stops compiling; what is compiled by then is kept.</param>
    /// <exception cref="MemoryException">The size does not fit into memory.</exception>
    /// <exception cref="ObjectDisposedException">The predictor is disposed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    internal void WarmUpStream(int height, int width, CancellationToken cancellation)
    {
        if (!IsWhole(height, width))
            return;
        BatchingHint hint = Batching;
        var shape = new Shape(hint.BatchSize, 3, height, width);
        using PlanPool.Unslotted entered = pool.EnterUnslotted();
        Task<PlanPool.Lease>[] plans = [.. Enumerable.Range(0, hint.Concurrency).Select(_ => Task.Run(
            () => pool.Rent(shape, PredictionKind.Labels, cancellation, hint.Concurrency), CancellationToken.None))];
        try
        {
            Task.WhenAll(plans).GetAwaiter().GetResult();
        }
        finally
        {
            // Only now, so that no plan is rented twice; those that were compiled beside a failure are given back, too.
            foreach (Task<PlanPool.Lease> plan in plans.Where(plan => plan.IsCompletedSuccessfully))
                plan.Result.Dispose();
        }
    }

    private sealed class BatchSegmenter(Predictor predictor, int batchSize, int concurrency) : IBatchSegmenter
    {
        public int BatchSizeOf(int height, int width) => predictor.IsWhole(height, width) ? batchSize : 1;

        public void Segment(IReadOnlyList<StreamImage> images, bool isAlone, CancellationToken cancellation)
        {
            using PlanPool.Unslotted entered = predictor.pool.EnterUnslotted();
            using MeasuredWork work = SunetTelemetry.Begin(SunetTelemetry.PredictActivity);
            ImageRequest first = images[0].Request!;
            var watch = new PredictionWatch(0, null, cancellation);
            var shape = new Shape(batchSize, 3, first.Height, first.Width);
            if (!predictor.IsWhole(shape.Height, shape.Width))
                predictor.Label(ref watch, first.Source, first.Labels.Span);
            else if (batchSize == 1)
                predictor.LabelAtOnce(ref watch, first.Source, first.Labels.Span, ShareOf(shape, isAlone));
            else
                Batch(ref watch, images, shape);
            SunetTelemetry.Predicted(work, images.Count);
        }

        private void Batch(ref PredictionWatch watch, IReadOnlyList<StreamImage> images, Shape shape)
        {
            watch.Before();
            using PlanPool.Lease lease = predictor.pool.Rent(shape, PredictionKind.Labels, watch.Cancellation, concurrency);
            lease.Plan.Label(ref watch, images);
        }

        /// <summary>An image that nothing runs beside has all processors, where that costs no further compilation.</summary>
        private int ShareOf(Shape shape, bool isAlone) =>
            isAlone && !predictor.pool.HasIdle(shape, PredictionKind.Labels, concurrency) ? 1 : concurrency;
    }
}
