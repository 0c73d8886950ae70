using CommunityToolkit.HighPerformance;
using Sunet.Data.Datasets.Labels;
using Sunet.Data.Images;

namespace Sunet.Data.Datasets;

/// <summary>How many pixels of each label images of a split have, and whether that is probably a mistake.</summary>
internal sealed class LabelCounts
{
    private const double MostIgnored = 0.5;

    private readonly long[] pixels = new long[256];

    /// <summary>The label maps that were counted.</summary>
    public int Images { get; private set; }

    /// <summary>Whether more than half of the pixels are ignored.</summary>
    public bool IsMostlyIgnored => IgnoredShare > MostIgnored;

    /// <summary>The pixels of a label.</summary>
    /// <param name="label">A class, or 255 for ignored pixels.</param>
    public long this[byte label] => pixels[label];

    /// <summary>
    /// Counts label maps of a split, all of a small one and some of a large one; those that cannot be read are passed over.
    /// </summary>
    /// <remarks>
    /// 64 maps, evenly spread over the split; 256 where these lack a class. That takes less than a few steps of training, and finds masks
    /// that are encoded in another way, which all are alike.
    /// </remarks>
    /// <param name="dataset">The split.</param>
    /// <param name="cancellation">Stops between two maps.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public static LabelCounts Sample(SegmentationDataset dataset, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        var counts = new LabelCounts();
        var buffers = new SampleBuffers();
        var seen = new HashSet<int>();
        foreach (int most in new[] { 64, 256 })
        {
            int maps = Math.Min(most, dataset.Items.Count);
            for (int i = 0; i < maps; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                int index = (int)((long)i * dataset.Items.Count / maps);
                if (seen.Add(index))
                    counts.TryAdd(dataset.Items[index], buffers);
            }

            if (counts.Missing(dataset.ClassCount).Count == 0)
                break;
        }

        return counts;
    }

    /// <summary>Counts the label map of one item.</summary>
    /// <param name="item">An item of a data set.</param>
    /// <param name="pixelCap">Larger maps are refused by their header.</param>
    /// <param name="buffers">Used by one thread at a time.</param>
    /// <exception cref="DataException">The map cannot be read.</exception>
    public static LabelCounts Of(SegmentationItem item, long pixelCap, SampleBuffers buffers)
    {
        ArgumentNullException.ThrowIfNull(item);
        var counts = new LabelCounts();
        counts.Add(item.Labels.Load(item.LabelPath, pixelCap, buffers).Span);
        return counts;
    }

    /// <summary>Counts a label map.</summary>
    /// <param name="labels">[H, W].</param>
    public void Add(ReadOnlySpan2D<byte> labels)
    {
        Images++;
        foreach (byte label in labels)
            pixels[label]++;
    }

    /// <summary>
    /// A sentence on classes without a pixel, on more ignored pixels than others, and on a single class; null where there is nothing to
    /// say.
    /// </summary>
    /// <param name="split">The split's name.</param>
    /// <param name="images">How many images the split has; where more than were counted, the sentence says so.</param>
    /// <param name="classNames">The classes' names by index.</param>
    public string? Doubt(string split, int images, IReadOnlyList<string> classNames)
    {
        ArgumentNullException.ThrowIfNull(classNames);
        IReadOnlyList<int> missing = Missing(classNames.Count);
        if (Images == 0 || (missing.Count == 0 && !IsMostlyIgnored && classNames.Count > 1))
            return null;
        bool isSample = Images < images;
        string subject = isSample ? FormattableString.Invariant($"{Images} of the {images} images of the split '{split}'")
            : $"the images of the split '{split}'";
        List<string> parts = [];
        if (classNames.Count == 1)
            parts.Add($"'{classNames[0]}' is the only class, so that nothing can be told apart");
        if (missing.Count > 0)
        {
            string classes = missing.Count == 1 ? "class" : "classes";
            parts.Add($"no pixel is of the {classes} {NamesInWords.Quoted(missing.Select(c => classNames[c]))}");
        }

        if (IgnoredShare > 0)
            parts.Add(FormattableString.Invariant($"{100 * IgnoredShare:F2} % of the pixels are 255, which is ignored"));
        return $"In {subject}, {string.Join(", and ", parts)}{Cure(classNames.Count)}.";
    }

    /// <summary>The classes without a pixel.</summary>
    /// <param name="classes">The number of classes.</param>
    public IReadOnlyList<int> Missing(int classes) => [.. Enumerable.Range(0, classes).Where(c => pixels[c] == 0)];

    private double IgnoredShare => (double)pixels[LabelFile.IgnoreLabel] / Math.Max(1, pixels.Sum());

    private string Cure(int classes)
    {
        bool isBinary = pixels[0] > 0 && pixels[LabelFile.IgnoreLabel] > 0 && pixels.Count(count => count > 0) == 2;
        return isBinary && classes <= 2
            ? "; '--binary-masks' reads masks of 0 and 255 as background and one class" + (classes == 1 ? ", which both need a name" : "")
            : "";
    }

    private void TryAdd(SegmentationItem item, SampleBuffers buffers)
    {
        try
        {
            Add(item.Labels.Load(item.LabelPath, ImageFile.DefaultPixelCap, buffers).Span);
        }
        catch (DataException)
        {
            // Whoever trains on it is told.
        }
    }
}
