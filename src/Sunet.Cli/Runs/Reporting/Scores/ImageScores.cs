using CommunityToolkit.HighPerformance;
using Sunet.Data.Datasets;
using Sunet.Data.Images;
using Sunet.Native.Inference;

namespace Sunet.Cli.Runs.Reporting.Scores;

/// <summary>
/// Gathers, while a split is measured, how well every image was predicted, and the counts near the labels' borders. Of an image only counts
/// are kept.
/// </summary>
/// <param name="classes">The number of classes.</param>
internal sealed class ImageScores(int classes)
{
    /// <summary>How far from a border of the label map a pixel still counts as near it.</summary>
    public const int BorderDistance = 5;

    private readonly int[] counts = new int[classes * classes], borderCounts = new int[classes * classes];
    private readonly BorderBand border = new(BorderDistance);
    private readonly List<ImageScore> images = [];
    private ushort[] errors = [];

    /// <summary>The counts of pixels near borders of the label maps.</summary>
    public ConfusionMatrix Border { get; } = new(classes);

    /// <summary>The images, in the order in which they were measured.</summary>
    public IReadOnlyList<ImageScore> Images => images;

    /// <summary>Counts an image.</summary>
    /// <param name="item">The image.</param>
    /// <param name="labels">[H, W]; 255 takes no part.</param>
    /// <param name="prediction">[H, W], below the number of classes.</param>
    public void Add(SegmentationItem item, ReadOnlySpan2D<byte> labels, ReadOnlySpan2D<byte> prediction)
    {
        (int height, int width) = (labels.Height, labels.Width);
        Array.Clear(counts);
        Array.Clear(borderCounts);
        if (errors.Length < height * width)
            errors = new ushort[height * width];
        ReadOnlySpan<byte> band = border.Mark(labels);
        for (int y = 0; y < height; y++)
            CountRow(labels.GetRowSpan(y), prediction.GetRowSpan(y), band.Slice(y * width, width), errors.AsSpan(y * width, width));

        Border.Add(borderCounts);
        IReadOnlyList<Region> regions = RegionFinder.Find(errors.AsSpan(0, height * width), width);
        int largest = regions.Count == 0 ? 0 : regions.Max(region => region.Pixels);
        images.Add(new ImageScore(item, height, width, Pairs(), largest));
    }

    private void CountRow(ReadOnlySpan<byte> labels, ReadOnlySpan<byte> prediction, ReadOnlySpan<byte> band, Span<ushort> wrong)
    {
        for (int x = 0; x < labels.Length; x++)
        {
            wrong[x] = 0;
            if (labels[x] == LabelFile.IgnoreLabel)
                continue;
            int pair = (labels[x] * classes) + prediction[x];
            counts[pair]++;
            if (band[x] != 0)
                borderCounts[pair]++;
            else if (labels[x] != prediction[x])
                wrong[x] = (ushort)(pair + 1);
        }
    }

    private PairCount[] Pairs()
    {
        var pairs = new List<PairCount>();
        for (int i = 0; i < counts.Length; i++)
        {
            if (counts[i] > 0)
                pairs.Add(new PairCount((byte)(i / classes), (byte)(i % classes), counts[i]));
        }

        return [.. pairs];
    }
}
