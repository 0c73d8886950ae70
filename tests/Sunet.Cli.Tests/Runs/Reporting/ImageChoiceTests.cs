using Sunet.Cli.Runs.Reporting.Scores;
using Sunet.Data.Datasets;

namespace Sunet.Cli.Tests.Runs.Reporting;

/// <summary>Which images, classes and regions a report shows.</summary>
public sealed class ImageChoiceTests
{
    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(1, 1, 0)]
    [InlineData(3, 2, 1)]
    [InlineData(20, 10, 10)]
    [InlineData(30, 12, 12)]
    [InlineData(101, 12, 12)]
    public void WorstAndMedian_AnyNumber_AreTheLowestAndTheMiddle(int images, int worst, int median)
    {
        // In an order of their own, with one that has no label.
        IEnumerable<int> order = Enumerable.Range(0, images).OrderBy(i => i * 7919 % 101);
        ImageScore[] all = [.. order.Select(i => Image(i, right: i + 1, wrong: 200 - i))];
        ImageScore[] given = [.. all, new ImageScore(Item(-1), 1, 1, [], 0)];
        string[] ranked = [.. Enumerable.Range(0, images).Select(i => $"{i:D3}")];
        Assert.Equal(ranked.Take(worst), ImageChoice.Worst(given, 12).Select(image => image.Item.Name));
        int start = Math.Max(worst, (images - 12) / 2);
        Assert.Equal(ranked.Skip(start).Take(median), ImageChoice.Median(given, 12).Select(image => image.Item.Name));
    }

    [Fact]
    public void LargestErrors_SeveralImages_ComeByRegionThenByPixels()
    {
        ImageScore[] images = [Image(0, 9, 1), Image(1, 9, 5), Image(2, 9, 0), Image(3, 9, 1) with { LargestError = 4 }];
        Assert.Equal(["003", "001", "000"], ImageChoice.LargestErrors(images, 9).Select(image => image.Item.Name));
        Assert.Equal(["003"], ImageChoice.LargestErrors(images, 1).Select(image => image.Item.Name));
    }

    [Fact]
    public void Largest_PairsOfClasses_AreSummedBothWays()
    {
        ImageScore first = new(Item(1), 9, 9, [new(0, 0, 50), new(0, 2, 7), new(2, 0, 5), new(1, 2, 3)], 0);
        ImageScore second = new(Item(2), 9, 9, [new(0, 2, 1), new(2, 1, 20)], 0);
        IReadOnlyList<ConfusedPair> pairs = ConfusedPair.Largest([first, second], pairs: 8, imagesOfAPair: 1);
        Assert.Equal([(1, 2, 3L, 20L), (0, 2, 8L, 5L)], pairs.Select(p => (p.First, p.Second, p.FirstAsSecond, p.SecondAsFirst)));
        Assert.Equal([(second, 20L)], pairs[0].Images);
        Assert.Equal([(first, 12L)], pairs[1].Images);
        Assert.Single(ConfusedPair.Largest([first, second], pairs: 1, imagesOfAPair: 1));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Find_RandomKeys_AreTheRegionsThatAFloodFillFinds(int seed)
    {
        const int height = 40, width = 53;
        var random = new Random(seed);
        ushort[] keys = [.. Enumerable.Range(0, height * width).Select(_ => (ushort)Math.Max(0, random.Next(-seed, 3)))];
        float[] weights = [.. keys.Select(_ => (float)random.Next(9))];
        Assert.Equal(FloodFilled(keys, weights, width), RegionFinder.Find(keys, width, weights));
    }

    [Fact]
    public void LabelDoubts_ConfidentRegion_IsFoundAndSpecksAreNot()
    {
        const int height = 20, width = 30, classes = 3;
        byte[,] labels = new byte[height, width], marks = new byte[height, width];
        float[] probabilities = new float[classes * height * width];
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                // A sure region of 24 pixels, a speck, a region that is not sure, and a sure one of ignored pixels.
                bool isSure = (y is >= 3 and < 7 && x is >= 4 and < 10) || (y == 15 && x == 15) || (y < 2 && x > 20);
                bool isUnsure = y >= 17;
                labels[y, x] = y < 2 && x > 20 ? (byte)255 : (byte)1;
                float other = isSure ? 0.97f : isUnsure ? 0.9f : 0.01f;
                probabilities[(2 * height * width) + (y * width) + x] = other;
                probabilities[(height * width) + (y * width) + x] = 1 - other;
            }
        }

        LabelDoubt doubt = Assert.Single(LabelDoubt.Find(labels, probabilities, classes, marks));
        Assert.Equal((1, 2, 24), (doubt.Label, doubt.Prediction, doubt.Pixels));
        Assert.Equal((4, 3, 6, 4), (doubt.Left, doubt.Top, doubt.Width, doubt.Height));
        Assert.Equal(0.97, doubt.Confidence, 5);
        Assert.Equal(25, marks.Cast<byte>().Count(mark => mark == 1));
    }

    private static SegmentationItem Item(int number) => new($"{number:D3}", "image.jpg", "labels.png");

    private static ImageScore Image(int number, int right, int wrong) =>
        new(Item(number), 10, 10, wrong == 0 ? [new(0, 0, right)] : [new(0, 0, right), new(0, 1, wrong)], 0);

    private static List<Region> FloodFilled(ushort[] keys, float[] weights, int width)
    {
        var regions = new List<Region>();
        bool[] seen = new bool[keys.Length];
        for (int start = 0; start < keys.Length; start++)
        {
            if (keys[start] == 0 || seen[start])
                continue;
            var region = new List<int>();
            var next = new Stack<int>([start]);
            seen[start] = true;
            while (next.TryPop(out int at))
            {
                region.Add(at);
                int x = at % width;
                int[] around = [at - width, at + width, x > 0 ? at - 1 : -1, x < width - 1 ? at + 1 : -1];
                foreach (int other in around.Where(o => o >= 0 && o < keys.Length && !seen[o] && keys[o] == keys[at]))
                {
                    seen[other] = true;
                    next.Push(other);
                }
            }

            (int left, int top) = (region.Min(i => i % width), region.Min(i => i / width));
            regions.Add(new Region(keys[start], region.Count, left, top, region.Max(i => i % width) - left + 1,
                region.Max(i => i / width) - top + 1, region.Sum(i => (double)weights[i])));
        }

        return regions;
    }
}
