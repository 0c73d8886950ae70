using Sunet.Data.Datasets;

namespace Sunet.Cli.Runs.Measuring;

/// <summary>The sizes of a split's images, taken from the headers of their masks so that nothing is decoded.</summary>
internal static class MaskSizes
{
    /// <summary>
    /// The items with their sizes, those of one size together. A mask that is no label map counts as empty; loading it tells why.
    /// </summary>
    public static IReadOnlyList<(SegmentationItem Item, int Height, int Width)> Sorted(IEnumerable<SegmentationItem> items) =>
        [.. items.Select(Measure).OrderBy(i => i.Height).ThenBy(i => i.Width)];

    private static (SegmentationItem Item, int Height, int Width) Measure(SegmentationItem item)
    {
        (int height, int width) = item.ReadSize() ?? (0, 0);
        return (item, height, width);
    }
}
