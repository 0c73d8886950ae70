using CommunityToolkit.HighPerformance;
using CommunityToolkit.HighPerformance.Buffers;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Native.Inference;

/// <content>The strategies that predict an image. A caller holds a slot of the pool.</content>
public sealed partial class Predictor
{
    /// <summary>The mean over scales and flips of the probabilities of normalised pixels [N, 3, H, W], as [N, classes, H, W].</summary>
    internal void Average(ReadOnlySpan<float> pixels, Shape shape, Span<float> average)
    {
        using PlanPool.MarkedSlot slot = pool.Enter(CancellationToken.None);
        PredictionWatch watch = default;
        scales.Average(ref watch, pixels, shape, average);
    }

    private void Label(ref PredictionWatch watch, ImagePixels image, Span2D<byte> labels)
    {
        int height = image.Height, width = image.Width, classes = Model.Spec.Classes;
        if (IsWhole(height, width))
        {
            LabelAtOnce(ref watch, image, labels);
            return;
        }

        if (MustTile(height, width))
        {
            var sink = new LabelSink(labels, classes);
            Tiling.Predict(scales, ref watch, image, ref sink);
            return;
        }

        using SpanOwner<float> probabilities = HostBuffer.Rent<float>(new Shape(classes, height, width));
        Map(ref watch, image, probabilities.Span);
        for (int y = 0; y < height; y++)
            Pixels.ArgMax(probabilities.Span[(y * width)..], height * width, classes, labels.GetRowSpan(y));
    }

    private void Map(ref PredictionWatch watch, ImagePixels image, Span<float> probabilities)
    {
        (int H, int W) size = (image.Height, image.Width);
        if (MustTile(size.H, size.W))
        {
            probabilities.Clear();
            var sink = new SumSink(probabilities, Model.Spec.Classes, size, 1);
            Tiling.Predict(scales, ref watch, image, ref sink);
            return;
        }

        if (Options.CropSize == 0)
        {
            scales.Average(ref watch, image, probabilities);
            return;
        }

        using SpanOwner<float> pixels = HostBuffer.Rent<float>(new Shape(3, size.H, size.W));
        Pixels.Normalise(image, Model.Spec.Normalization, pixels.Span);
        probabilities.Clear();
        foreach (double scale in Options.Scales)
        {
            (int H, int W) scaled = CropAverage.Scaled(size.H, size.W, scale, Options.CropBase);
            CropAverage.AddScale(scales, ref watch, pixels.Span, size, scaled, 1f / Options.Scales.Count, probabilities);
        }
    }

    /// <summary>Labels an image in one piece.</summary>
    /// <param name="watch">Asked before and told after each run of the network.</param>
    /// <param name="image">[H, W].</param>
    /// <param name="labels">[H, W].</param>
    /// <param name="concurrency">How many images are meant to run at a time, each on its share of the processors.</param>
    private void LabelAtOnce(ref PredictionWatch watch, ImagePixels image, Span2D<byte> labels, int concurrency = 1)
    {
        var shape = new Shape(1, 3, image.Height, image.Width);
        watch.Before();
        using PlanPool.Lease lease = pool.Rent(shape, PredictionKind.Labels, watch.Cancellation, concurrency);
        lease.Plan.Label(ref watch, image, labels);
    }

    private void CountAtOnce(ref PredictionWatch watch, ImagePixels image, Shape shape, ReadOnlySpan2D<byte> labels,
        ConfusionMatrix matrix, Span2D<byte> predictions)
    {
        using SpanOwner<int> wide = HostBuffer.Rent<int>(shape.WithChannels(1));
        using SpanOwner<int> counts = SpanOwner<int>.Allocate(matrix.Classes * matrix.Classes);
        Pixels.Widen(labels, wide.Span);
        watch.Before();
        int invalid;
        using (PlanPool.Lease lease = pool.Rent(shape, PredictionKind.Counts, watch.Cancellation))
            invalid = lease.Plan.Count(ref watch, image, wide.Span, counts.Span, predictions);
        if (invalid > 0)
        {
            throw new ArgumentException(
                $"{invalid} labels are neither below {matrix.Classes} nor {SoftmaxCrossEntropy.DefaultIgnoreLabel}.", nameof(labels));
        }

        matrix.Add(counts.Span);
    }

    /// <summary>How often the network runs for an image.</summary>
    private int NetworkRuns(int height, int width)
    {
        if (Options.CropSize > 0)
        {
            return Options.Scales.Sum(scale =>
            {
                (TileAxis rows, TileAxis columns) = CropAverage.Cut(CropAverage.Scaled(height, width, scale, Options.CropBase), Options);
                return rows.Starts.Count * columns.Starts.Count;
            });
        }

        if (!MustTile(height, width))
            return Options.Scales.Count;
        (TileAxis down, TileAxis across) = Tiling.Cut(height, width, Options);
        return down.Starts.Count * across.Starts.Count * Options.Scales.Count;
    }

    /// <summary>Whether an image is predicted in one piece.</summary>
    private bool IsWhole(int height, int width) => Options.CropSize == 0 && !MustTile(height, width);

    private bool MustTile(int height, int width) =>
        Options.CropSize == 0 && Options.TileSize > 0 && Math.Max(height, width) > Options.TileSize;
}
