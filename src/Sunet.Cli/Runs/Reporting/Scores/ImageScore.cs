using Sunet.Data.Datasets;

namespace Sunet.Cli.Runs.Reporting.Scores;

/// <summary>How well one image was predicted.</summary>
/// <param name="Item">The image.</param>
/// <param name="Height">In pixels.</param>
/// <param name="Width">In pixels, from left to right.</param>
/// <param name="Pairs">The counts of (label, prediction) pairs that occur, pixels without a label left out.</param>
/// <param name="LargestError">The pixels of the largest region that lies off the labels' borders and has one wrong class.</param>
internal sealed record ImageScore(SegmentationItem Item, int Height, int Width, IReadOnlyList<PairCount> Pairs, int LargestError)
{
    /// <summary>The pixels with a label.</summary>
    public long LabelledPixels { get; } = Pairs.Sum(pair => (long)pair.Pixels);

    /// <summary>The pixels that were predicted wrongly.</summary>
    public long WrongPixels { get; } = Pairs.Where(pair => !pair.IsRight).Sum(pair => (long)pair.Pixels);

    /// <summary>The IoU of every class that labels or prediction of the image have, in [0, 1], by class.</summary>
    public IReadOnlyList<(int Class, double IoU)> Classes { get; } = ClassesOf(Pairs);

    /// <summary>The mean IoU over the classes that labels or prediction of the image have, in [0, 1]; NaN without a label.</summary>
    public double MeanIoU => Classes.Count == 0 ? double.NaN : Classes.Average(c => c.IoU);

    private static List<(int Class, double IoU)> ClassesOf(IReadOnlyList<PairCount> pairs)
    {
        var classes = new SortedDictionary<int, (long Right, long Union)>();
        foreach (PairCount pair in pairs)
        {
            Add(pair.Label, pair);
            if (!pair.IsRight)
                Add(pair.Prediction, pair);
        }

        return [.. classes.Select(c => (c.Key, (double)c.Value.Right / c.Value.Union))];

        void Add(int category, PairCount pair)
        {
            (long right, long union) = classes.GetValueOrDefault(category);
            classes[category] = (right + (pair.IsRight ? pair.Pixels : 0), union + pair.Pixels);
        }
    }
}
