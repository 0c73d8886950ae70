using System.Runtime.InteropServices;
using CommunityToolkit.HighPerformance;
using CommunityToolkit.HighPerformance.Buffers;
using Sunet.Native.Compilation;
using Sunet.Native.Models;
using Sunet.Native.Tensors;

namespace Sunet.Native.Inference;

/// <summary>
/// Segments images with a model: at one scale or several, with or without the flipped image, in one piece or in tiles. Plans are compiled
/// at the first image of a size and kept. Calls from several threads take turns.
/// </summary>
public sealed class Predictor : IDisposable
{
    private readonly Lock gate = new();
    private readonly SunetModel model;
    private readonly PredictorOptions options;
    private readonly IBackend backend;
    private readonly List<SizePlans> cache = [];
    private bool disposed;

    /// <summary>Prepares prediction.</summary>
    /// <param name="model">A segmenter; its weights are read when a size is compiled and must not change in between.</param>
    /// <param name="options">How to look at an image.</param>
    /// <param name="backend">Where it runs; it must outlive the predictor.</param>
    /// <exception cref="ConfigurationException">The model is no segmenter, or an option is out of range.</exception>
    public Predictor(SunetModel model, PredictorOptions options, IBackend backend)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(backend);
        options.Validate();
        if (model.Spec.Head != SunetHead.Segmenter)
            throw new ConfigurationException("Only a segmenter labels pixels; this model is a classifier.");
        this.model = model;
        this.options = options;
        this.backend = backend;
    }

    /// <summary>The model.</summary>
    public SunetModel Model => model;

    /// <summary>Labels every pixel with its likeliest class.</summary>
    /// <param name="image">[H, W].</param>
    /// <param name="labels">Receives class indices, [H, W] of the image.</param>
    /// <exception cref="ArgumentException">The sizes differ.</exception>
    /// <exception cref="MemoryException">The image does not fit into memory.</exception>
    public void Segment(ReadOnlySpan2D<Rgb> image, Span2D<byte> labels)
    {
        if (labels.Height != image.Height || labels.Width != image.Width)
            throw new ArgumentException($"Labels are {labels.Height} x {labels.Width} and the image {image.Height} x {image.Width}.", nameof(labels));
        int height = image.Height, width = image.Width, classes = model.Spec.Classes;
        var shape = new Shape(1, 3, height, width);
        if (IsDirect(shape))
        {
            SegmentAtOnce(image, shape, labels);
            return;
        }

        using SpanOwner<float> probabilities = SpanOwner<float>.Allocate(checked(classes * height * width));
        Probabilities(image, probabilities.Span);
        ArgMax(probabilities.Span, labels);
    }

    /// <summary>
    /// Labels every pixel with its likeliest class and adds the (label, prediction) pairs to a matrix. Looking once at a whole image, they
    /// are counted where they are computed, and only the counts come back.
    /// </summary>
    /// <param name="image">[H, W].</param>
    /// <param name="labels">[H, W]; 255 takes no part.</param>
    /// <param name="matrix">Of the model's classes.</param>
    /// <param name="predictions">Receives the likeliest classes, [H, W]; empty where nobody wants to see them.</param>
    /// <exception cref="ArgumentException">Sizes or classes differ, or a label is out of range; nothing is counted then.</exception>
    /// <exception cref="MemoryException">The image does not fit into memory.</exception>
    public void Count(ReadOnlySpan2D<Rgb> image, ReadOnlySpan2D<byte> labels, ConfusionMatrix matrix, Span2D<byte> predictions = default)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        (int height, int width) = (image.Height, image.Width);
        if (labels.Height != height || labels.Width != width)
            throw new ArgumentException($"Labels are {labels.Height} x {labels.Width} and the image {height} x {width}.", nameof(labels));
        if (!predictions.IsEmpty && (predictions.Height != height || predictions.Width != width))
        {
            throw new ArgumentException(
                $"Predictions are {predictions.Height} x {predictions.Width} and the image {height} x {width}.", nameof(predictions));
        }

        if (matrix.Classes != model.Spec.Classes)
            throw new ArgumentException($"The matrix has {matrix.Classes} classes and the model {model.Spec.Classes}.", nameof(matrix));
        var shape = new Shape(1, 3, height, width);
        if (IsDirect(shape))
        {
            CountAtOnce(image, shape, labels, matrix, predictions);
            return;
        }

        using SpanOwner<byte> flat = SpanOwner<byte>.Allocate(predictions.IsEmpty ? height * width : 0);
        if (predictions.IsEmpty)
            predictions = Span2D<byte>.DangerousCreate(ref flat.DangerousGetReference(), height, width, 0);
        Segment(image, predictions);
        matrix.Add(labels, predictions);
    }

    /// <summary>Averages the class probabilities of all scales and flips.</summary>
    /// <param name="image">[H, W].</param>
    /// <param name="probabilities">Receives [classes, H, W], row-major; every pixel sums to 1.</param>
    /// <exception cref="ArgumentException">The size is not classes * H * W.</exception>
    /// <exception cref="MemoryException">The image does not fit into memory.</exception>
    public void Probabilities(ReadOnlySpan2D<Rgb> image, Span<float> probabilities)
    {
        int classes = model.Spec.Classes;
        if (probabilities.Length != classes * (long)image.Height * image.Width)
            throw new ArgumentException($"There are {classes} x {image.Height} x {image.Width} probabilities, not {probabilities.Length}.", nameof(probabilities));
        if (MustTile(image.Height, image.Width))
        {
            Tiling.Predict(this, image, options, classes, probabilities);
            return;
        }

        using SpanOwner<float> pixels = SpanOwner<float>.Allocate(3 * image.Height * image.Width);
        Pixels.Normalise(image, model.Spec.Normalization, pixels.Span);
        Average(pixels.Span, new Shape(1, 3, image.Height, image.Width), probabilities);
    }

    /// <summary>Compiles what <see cref="Segment"/> needs for an image size ahead of its first image.</summary>
    /// <exception cref="MemoryException">The size does not fit into memory.</exception>
    public void WarmUp(int height, int width)
    {
        if (MustTile(height, width))
            (height, width) = (Math.Min(height, options.TileSize), Math.Min(width, options.TileSize));
        var shape = new Shape(1, 3, height, width);
        lock (gate)
        {
            if (IsDirect(shape))
                PlansFor(shape, PredictionKind.Labels);
            else
                PlansFor(shape.WithBatch(options.Flip ? 2 : 1), PredictionKind.Probabilities);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (gate)
        {
            disposed = true;
            foreach (SizePlans plans in cache)
                plans.Dispose();
            cache.Clear();
        }
    }

    /// <summary>The mean over scales and flips of the probabilities of normalised pixels [N, 3, H, W], as [N, classes, H, W].</summary>
    internal void Average(ReadOnlySpan<float> pixels, Shape shape, Span<float> average)
    {
        int copies = options.Flip ? 2 : 1;
        var doubled = shape.WithBatch(copies * shape.Batch);
        using SpanOwner<float> inputs = SpanOwner<float>.Allocate(checked((int)doubled.Count));
        using SpanOwner<float> outputs = SpanOwner<float>.Allocate(checked((int)doubled.WithChannels(model.Spec.Classes).Count));
        pixels.CopyTo(inputs.Span);
        if (options.Flip)
            Pixels.Flip(pixels, shape.Width, inputs.Span[pixels.Length..]);

        lock (gate)
        {
            SizePlans plans = PlansFor(doubled, PredictionKind.Probabilities);
            average.Clear();
            float share = 1f / (copies * options.Scales.Count);
            foreach (ScalePlan plan in plans.Scales)
            {
                plan.Run(inputs.Span, outputs.Span);
                Pixels.AddScaled(outputs.Span[..average.Length], share, average);
                if (options.Flip)
                    Pixels.AddScaledFlipped(outputs.Span[average.Length..], shape.Width, share, average);
            }
        }
    }

    private void SegmentAtOnce(ReadOnlySpan2D<Rgb> image, Shape shape, Span2D<byte> labels)
    {
        using SpanOwner<Rgb> rows = SpanOwner<Rgb>.Allocate(image.Height * image.Width);
        using SpanOwner<byte> flat = SpanOwner<byte>.Allocate(image.Height * image.Width);
        image.CopyTo(rows.Span);
        lock (gate)
            PlansFor(shape, PredictionKind.Labels).Scales[0].Run(MemoryMarshal.AsBytes(rows.Span), flat.Span);
        ReadOnlySpan2D<byte>.DangerousCreate(flat.Span[0], image.Height, image.Width, 0).CopyTo(labels);
    }

    private void CountAtOnce(
        ReadOnlySpan2D<Rgb> image, Shape shape, ReadOnlySpan2D<byte> labels, ConfusionMatrix matrix, Span2D<byte> predictions)
    {
        int pixels = image.Height * image.Width;
        using SpanOwner<Rgb> rows = SpanOwner<Rgb>.Allocate(pixels);
        using SpanOwner<int> wide = SpanOwner<int>.Allocate(pixels);
        using SpanOwner<int> counts = SpanOwner<int>.Allocate(matrix.Classes * matrix.Classes);
        using SpanOwner<byte> flat = SpanOwner<byte>.Allocate(predictions.IsEmpty ? 0 : pixels);
        image.CopyTo(rows.Span);
        Pixels.Widen(labels, wide.Span);
        int invalid;
        lock (gate)
        {
            invalid = PlansFor(shape, PredictionKind.Counts).Scales[0]
                .Count(MemoryMarshal.AsBytes(rows.Span), wide.Span, counts.Span, flat.Span);
        }

        if (!predictions.IsEmpty)
            ReadOnlySpan2D<byte>.DangerousCreate(flat.Span[0], image.Height, image.Width, 0).CopyTo(predictions);
        if (invalid > 0)
            throw new ArgumentException($"{invalid} labels are neither below {matrix.Classes} nor 255.", nameof(labels));
        matrix.Add(counts.Span);
    }

    /// <summary>Whether labels come straight from the logits: one scale that is the image's own, no flip, no tiles.</summary>
    private bool IsDirect(Shape shape) => !MustTile(shape.Height, shape.Width) && !options.Flip
        && options.Scales is [var scale] && ScalePlan.SupportsLabels(shape, scale);

    private bool MustTile(int height, int width) => options.TileSize > 0 && Math.Max(height, width) > options.TileSize;

    private SizePlans PlansFor(Shape shape, PredictionKind kind)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        int at = cache.Count - 1;
        while (at >= 0 && (cache[at].Shape != shape || cache[at].Kind != kind))
            at--;
        SizePlans? plans = at < 0 ? null : cache[at];
        if (plans is not null)
        {
            cache.RemoveAt(at);
        }
        else
        {
            if (cache.Count >= options.CachedSizes)
            {
                cache[0].Dispose();
                cache.RemoveAt(0);
            }

            plans = new SizePlans(model, shape, options.Scales, kind, backend);
        }

        cache.Add(plans);
        return plans;
    }

    private static void ArgMax(ReadOnlySpan<float> probabilities, Span2D<byte> labels)
    {
        int plane = labels.Height * labels.Width;
        for (int y = 0; y < labels.Height; y++)
        {
            Span<byte> row = labels.GetRowSpan(y);
            for (int x = 0; x < row.Length; x++)
            {
                int best = 0;
                for (int c = 1, i = (y * labels.Width) + x; c < probabilities.Length / plane; c++)
                {
                    if (probabilities[(c * plane) + i] > probabilities[(best * plane) + i])
                        best = c;
                }

                row[x] = (byte)best;
            }
        }
    }

    /// <summary>The plans of one image size, one a scale.</summary>
    private sealed class SizePlans : IDisposable
    {
        public SizePlans(SunetModel model, Shape shape, IReadOnlyList<double> scales, PredictionKind kind, IBackend backend)
        {
            Shape = shape;
            Kind = kind;
            var plans = new List<ScalePlan>();
            try
            {
                foreach (double scale in scales)
                    plans.Add(new ScalePlan(model, shape, scale, kind, backend));
            }
            catch
            {
                plans.ForEach(p => p.Dispose());
                throw;
            }

            Scales = plans;
        }

        public Shape Shape { get; }

        public PredictionKind Kind { get; }

        public List<ScalePlan> Scales { get; }

        public void Dispose() => Scales.ForEach(p => p.Dispose());
    }
}
