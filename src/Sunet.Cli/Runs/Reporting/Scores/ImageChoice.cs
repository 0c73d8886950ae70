namespace Sunet.Cli.Runs.Reporting.Scores;

/// <summary>Chooses the images of a split that a report shows.</summary>
internal static class ImageChoice
{
    /// <summary>The images with the lowest mean IoU, the lowest first; of a small split at most the lower half.</summary>
    /// <param name="images">All images.</param>
    /// <param name="most">How many are wanted.</param>
    public static IReadOnlyList<ImageScore> Worst(IReadOnlyList<ImageScore> images, int most)
    {
        ImageScore[] ranked = Ranked(images);
        return [.. ranked.Take(Math.Min(most, (ranked.Length + 1) / 2))];
    }

    /// <summary>The images in the middle of all by their mean IoU, the lowest first, but for the worst ones.</summary>
    /// <param name="images">All images.</param>
    /// <param name="most">How many are wanted, and how many count as the worst.</param>
    public static IReadOnlyList<ImageScore> Median(IReadOnlyList<ImageScore> images, int most)
    {
        ImageScore[] ranked = Ranked(images);
        int start = Math.Max((ranked.Length - most) / 2, Worst(images, most).Count);
        return [.. ranked.Skip(start).Take(most)];
    }

    /// <summary>
    /// The images in which the largest regions off the borders were predicted wrongly, the largest first; behind them those with the most
    /// wrong pixels.
    /// </summary>
    /// <param name="images">All images.</param>
    /// <param name="most">How many are wanted.</param>
    public static IReadOnlyList<ImageScore> LargestErrors(IReadOnlyList<ImageScore> images, int most) =>
    [
        .. images.Where(image => image.WrongPixels > 0)
            .OrderByDescending(image => image.LargestError)
            .ThenByDescending(image => image.WrongPixels)
            .ThenBy(image => image.Item.Name, StringComparer.Ordinal)
            .Take(most),
    ];

    private static ImageScore[] Ranked(IReadOnlyList<ImageScore> images) =>
    [
        .. images.Where(image => !double.IsNaN(image.MeanIoU))
            .OrderBy(image => image.MeanIoU).ThenBy(image => image.Item.Name, StringComparer.Ordinal),
    ];
}
