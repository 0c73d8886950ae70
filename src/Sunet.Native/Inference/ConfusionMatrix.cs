using CommunityToolkit.HighPerformance;
using Sunet.Native.Ops;

namespace Sunet.Native.Inference;

/// <summary>
/// Counts of (label, prediction) pairs over a whole data set, in 64-bit integers, and the metrics that follow from them. Pixels labelled
/// 255 take no part. Classes absent from both labels and predictions are left out of every mean.
/// </summary>
public sealed class ConfusionMatrix
{
    private const int IgnoreLabel = SoftmaxCrossEntropy.DefaultIgnoreLabel;

    private readonly long[] counts;

    /// <summary>Creates an empty matrix.</summary>
    /// <param name="classes">The number of classes, 1 to 255.</param>
    public ConfusionMatrix(int classes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(classes, IgnoreLabel);
        Classes = classes;
        counts = new long[classes * classes];
    }

    /// <summary>The number of classes.</summary>
    public int Classes { get; }

    /// <summary>How many pixels labelled <paramref name="label"/> were predicted as <paramref name="prediction"/>.</summary>
    public long this[int label, int prediction] => counts[(label * Classes) + prediction];

    /// <summary>Pixels counted.</summary>
    public long Total => counts.Sum();

    /// <summary>Share of pixels predicted as labelled, in [0, 1]; NaN without pixels.</summary>
    public double PixelAccuracy => (double)Enumerable.Range(0, Classes).Sum(c => this[c, c]) / Total;

    /// <summary>Mean over labelled classes of the share of a class's pixels predicted as such, in [0, 1].</summary>
    public double MeanAccuracy => Mean(c => LabelPixels(c) == 0 ? double.NaN : (double)this[c, c] / LabelPixels(c));

    /// <summary>Mean intersection over union, in [0, 1]; NaN without pixels.</summary>
    public double MeanIntersectionOverUnion => Mean(IntersectionOverUnion);

    /// <summary>Intersection over union of one class, in [0, 1]; NaN where neither labels nor predictions have it.</summary>
    public double IntersectionOverUnion(int category)
    {
        long union = LabelPixels(category) + PredictedPixels(category) - this[category, category];
        return union == 0 ? double.NaN : (double)this[category, category] / union;
    }

    /// <summary>Counts one image.</summary>
    /// <param name="labels">[H, W]; 255 takes no part.</param>
    /// <param name="predictions">[H, W], below the number of classes.</param>
    /// <exception cref="ArgumentException">The sizes differ, or a value is out of range; nothing is counted then.</exception>
    public void Add(ReadOnlySpan2D<byte> labels, ReadOnlySpan2D<byte> predictions)
    {
        if (labels.Height != predictions.Height || labels.Width != predictions.Width)
        {
            throw new ArgumentException(
                $"Labels are {labels.Height} x {labels.Width} and predictions {predictions.Height} x {predictions.Width}.",
                nameof(predictions));
        }

        CheckRange(labels, predictions);
        for (int y = 0; y < labels.Height; y++)
        {
            ReadOnlySpan<byte> l = labels.GetRowSpan(y), p = predictions.GetRowSpan(y);
            for (int x = 0; x < l.Length; x++)
            {
                if (l[x] != IgnoreLabel)
                    counts[(l[x] * Classes) + p[x]]++;
            }
        }
    }

    /// <summary>Adds counts [label, prediction].</summary>
    internal void Add(ReadOnlySpan<int> pixels)
    {
        for (int i = 0; i < counts.Length; i++)
            counts[i] += pixels[i];
    }

    private void CheckRange(ReadOnlySpan2D<byte> labels, ReadOnlySpan2D<byte> predictions)
    {
        for (int y = 0; y < labels.Height; y++)
        {
            ReadOnlySpan<byte> l = labels.GetRowSpan(y), p = predictions.GetRowSpan(y);
            for (int x = 0; x < l.Length; x++)
            {
                if ((l[x] >= Classes && l[x] != IgnoreLabel) || p[x] >= Classes)
                    throw new ArgumentException($"Label {l[x]} or prediction {p[x]} at ({x}, {y}) is not below {Classes}.", nameof(labels));
            }
        }
    }

    private double Mean(Func<int, double> metric) =>
        Enumerable.Range(0, Classes).Select(metric).Where(v => !double.IsNaN(v)).DefaultIfEmpty(double.NaN).Average();

    private long LabelPixels(int category) => Enumerable.Range(0, Classes).Sum(p => this[category, p]);

    private long PredictedPixels(int category) => Enumerable.Range(0, Classes).Sum(l => this[l, category]);
}
