using CommunityToolkit.HighPerformance;
using Sunet.Cli.Runs.Reporting.Scores;
using Sunet.Data.Datasets;
using Sunet.Native.Inference;

namespace Sunet.Cli.Tests.Runs.Reporting;

/// <summary>Scores of images and near borders, against what their definitions say pixel by pixel.</summary>
public sealed class BorderScoreTests
{
    private const int Classes = 4, Ignored = 255;

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(3, 40, 2)]
    [InlineData(37, 5, 3)]
    [InlineData(29, 71, 4)]
    [InlineData(64, 96, 5)]
    public void Mark_RandomBlocks_IsThatOfTheSquareAroundEachPixel(int height, int width, int seed)
    {
        foreach (int distance in new[] { 1, 2, 5 })
        {
            byte[,] labels = Blocks(height, width, seed);
            ReadOnlySpan<byte> band = new BorderBand(distance).Mark(labels);
            for (int y = 0; y < height; y++)
            {
                for (int x = 0; x < width; x++)
                    Assert.Equal(IsNearBorder(labels, y, x, distance), band[(y * width) + x] != 0);
            }
        }
    }

    [Fact]
    public void Mark_SmallerMapAfterALargerOne_IsAsIfItWereTheFirst()
    {
        var band = new BorderBand(5);
        band.Mark(Blocks(40, 60, 1));
        byte[,] labels = Blocks(21, 33, 2);
        Assert.Equal(new BorderBand(5).Mark(labels).ToArray(), band.Mark(labels).ToArray());
    }

    [Fact]
    public void Add_SeveralImages_CountsAllAndNearBorders()
    {
        var scores = new ImageScores(Classes);
        long[,] near = new long[Classes, Classes];
        for (int seed = 1; seed <= 3; seed++)
        {
            byte[,] labels = Blocks(31, 45, seed), prediction = Predicted(labels, seed);
            scores.Add(Item($"{seed}"), labels, prediction);
            ImageScore score = scores.Images[^1];
            var matrix = new ConfusionMatrix(Classes);
            matrix.Add(labels, prediction);
            Assert.Equal(matrix.MeanIntersectionOverUnion, score.MeanIoU, 12);
            Assert.Equal(matrix.Total, score.LabelledPixels);
            Assert.Equal(1 - matrix.PixelAccuracy, (double)score.WrongPixels / score.LabelledPixels, 12);
            Assert.All(score.Pairs, pair => Assert.Equal(matrix[pair.Label, pair.Prediction], pair.Pixels));
            for (int y = 0; y < 31; y++)
            {
                for (int x = 0; x < 45; x++)
                {
                    if (labels[y, x] != Ignored && IsNearBorder(labels, y, x, ImageScores.BorderDistance))
                        near[labels[y, x], prediction[y, x]]++;
                }
            }
        }

        for (int label = 0; label < Classes; label++)
        {
            for (int prediction = 0; prediction < Classes; prediction++)
                Assert.Equal(near[label, prediction], scores.Border[label, prediction]);
        }
    }

    private static SegmentationItem Item(string name) => new(name, name + ".jpg", name + ".png");

    private static bool IsNearBorder(byte[,] labels, int y, int x, int distance)
    {
        for (int v = Math.Max(0, y - distance); v <= Math.Min(labels.GetLength(0) - 1, y + distance); v++)
        {
            for (int u = Math.Max(0, x - distance); u <= Math.Min(labels.GetLength(1) - 1, x + distance); u++)
            {
                if (labels[v, u] != labels[y, x])
                    return true;
            }
        }

        return false;
    }

    private static byte[,] Blocks(int height, int width, int seed)
    {
        var random = new Random(seed);
        byte[,] labels = new byte[height, width];
        for (int block = 0; block < 4; block++)
        {
            byte label = block == 0 ? (byte)Ignored : (byte)random.Next(Classes);
            (int top, int left) = (random.Next(height), random.Next(width));
            for (int y = top; y < Math.Min(height, top + 14); y++)
                labels.AsSpan2D().GetRowSpan(y)[left..Math.Min(width, left + 17)].Fill(label);
        }

        return labels;
    }

    private static byte[,] Predicted(byte[,] labels, int seed)
    {
        var random = new Random(seed);
        byte[,] prediction = (byte[,])labels.Clone();
        foreach (ref byte label in prediction.AsSpan2D())
            label = label == Ignored || random.Next(5) == 0 ? (byte)random.Next(Classes) : label;
        return prediction;
    }
}
