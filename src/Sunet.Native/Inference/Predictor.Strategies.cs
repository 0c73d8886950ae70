using System.Runtime.InteropServices;
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

    private void Label(ref PredictionWatch watch, ReadOnlySpan2D<Rgb> image, Span2D<byte> labels)
    {
        int height = image.Height, width = image.Width, classes = Model.Spec.Classes;
        var shape = new Shape(1, 3, height, width);
        if (IsWhole(height, width))
        {
            LabelAtOnce(ref watch, image, shape, labels);
            return;
        }

        if (MustTile(height, width))
        {
            var sink = new LabelSink(labels, classes);
            Tiling.Predict(scales, ref watch, image, ref sink);
            return;
        }

        using SpanOwner<float> probabilities = HostBuffer.Rent<float>(shape.WithChannels(classes));
        Map(ref watch, image, probabilities.Span);
        for (int y = 0; y < height; y++)
            Pixels.ArgMax(probabilities.Span[(y * width)..], height * width, classes, labels.GetRowSpan(y));
    }

    private void Map(ref PredictionWatch watch, ReadOnlySpan2D<Rgb> image, Span<float> probabilities)
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

    private void LabelAtOnce(ref PredictionWatch watch, ReadOnlySpan2D<Rgb> image, Shape shape, Span2D<byte> labels)
    {
        using SpanOwner<Rgb> rows = HostBuffer.Rent<Rgb>(shape.WithChannels(1));
        using SpanOwner<byte> flat = HostBuffer.Rent<byte>(shape.WithChannels(1));
        image.CopyTo(rows.Span);
        watch.Before();
        using (PlanPool.Lease lease = pool.Rent(shape, PredictionKind.Labels, watch.Cancellation))
            lease.Plan.Label(ref watch, MemoryMarshal.AsBytes(rows.Span), flat.Span);
        ReadOnlySpan2D<byte>.DangerousCreate(flat.Span[0], image.Height, image.Width, 0).CopyTo(labels);
    }

    private void CountAtOnce(ref PredictionWatch watch, ReadOnlySpan2D<Rgb> image, Shape shape, ReadOnlySpan2D<byte> labels,
        ConfusionMatrix matrix, Span2D<byte> predictions)
    {
        Shape pixels = shape.WithChannels(1);
        using SpanOwner<Rgb> rows = HostBuffer.Rent<Rgb>(pixels);
        using SpanOwner<int> wide = HostBuffer.Rent<int>(pixels);
        using SpanOwner<int> counts = SpanOwner<int>.Allocate(matrix.Classes * matrix.Classes);
        using SpanOwner<byte> flat = predictions.IsEmpty ? SpanOwner<byte>.Empty : HostBuffer.Rent<byte>(pixels);
        image.CopyTo(rows.Span);
        Pixels.Widen(labels, wide.Span);
        watch.Before();
        int invalid;
        using (PlanPool.Lease lease = pool.Rent(shape, PredictionKind.Counts, watch.Cancellation))
            invalid = lease.Plan.Count(ref watch, MemoryMarshal.AsBytes(rows.Span), wide.Span, counts.Span, flat.Span);
        if (!predictions.IsEmpty)
            ReadOnlySpan2D<byte>.DangerousCreate(flat.Span[0], image.Height, image.Width, 0).CopyTo(predictions);
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
