namespace Sunet.Cli.Runs.Reporting.Scores;

/// <summary>Two classes that are taken for each other.</summary>
/// <param name="First">The class of the lower index.</param>
/// <param name="Second">The other class.</param>
/// <param name="FirstAsSecond">Pixels of the first that were predicted as the second.</param>
/// <param name="SecondAsFirst">Pixels of the second that were predicted as the first.</param>
/// <param name="Images">The images with the most such pixels, both ways together, and how many they have.</param>
internal sealed record ConfusedPair(
    int First, int Second, long FirstAsSecond, long SecondAsFirst, IReadOnlyList<(ImageScore Image, long Pixels)> Images)
{
    /// <summary>The pixels that were taken for the other class, both ways together.</summary>
    public long Pixels => FirstAsSecond + SecondAsFirst;

    /// <summary>The pairs with the most pixels, the largest first.</summary>
    /// <param name="images">All images.</param>
    /// <param name="pairs">At most that many pairs.</param>
    /// <param name="imagesOfAPair">At most that many images of a pair.</param>
    public static IReadOnlyList<ConfusedPair> Largest(IReadOnlyList<ImageScore> images, int pairs, int imagesOfAPair)
    {
        var sums = new Dictionary<(int First, int Second), (long Forward, long Backward)>();
        foreach (PairCount pair in images.SelectMany(image => image.Pairs).Where(pair => !pair.IsRight))
        {
            (int First, int Second) key = KeyOf(pair);
            (long forward, long backward) = sums.GetValueOrDefault(key);
            sums[key] = pair.Label == key.First ? (forward + pair.Pixels, backward) : (forward, backward + pair.Pixels);
        }

        return
        [
            .. sums.OrderByDescending(sum => sum.Value.Forward + sum.Value.Backward).ThenBy(sum => sum.Key).Take(pairs)
                .Select(sum => new ConfusedPair(sum.Key.First, sum.Key.Second, sum.Value.Forward, sum.Value.Backward,
                    ImagesOf(sum.Key, images, imagesOfAPair))),
        ];
    }

    private static List<(ImageScore Image, long Pixels)> ImagesOf(
        (int First, int Second) key, IReadOnlyList<ImageScore> images, int most) =>
    [
        .. images.Select(image => (Image: image, Pixels: image.Pairs.Where(p => !p.IsRight && KeyOf(p) == key).Sum(p => (long)p.Pixels)))
            .Where(image => image.Pixels > 0)
            .OrderByDescending(image => image.Pixels).ThenBy(image => image.Image.Item.Name, StringComparer.Ordinal)
            .Take(most),
    ];

    private static (int First, int Second) KeyOf(PairCount pair) =>
        (Math.Min(pair.Label, pair.Prediction), Math.Max(pair.Label, pair.Prediction));
}
