using System.Text.Json;
using CommunityToolkit.HighPerformance;
using Sunet.Native.Inference;

namespace Sunet.Native.Tests.Inference;

public sealed class ConfusionMatrixTests
{
    [Fact]
    public void Metrics_KnownCounts_AreThoseOfTheDefinition()
    {
        var matrix = new ConfusionMatrix(4);
        matrix.Add(Map([0, 0, 0, 1, 1, 255, 2, 2]), Map([0, 0, 1, 1, 0, 3, 2, 2]));
        Assert.Equal(7, matrix.Total);
        Assert.Equal(5.0 / 7, matrix.PixelAccuracy, 1e-15);
        Assert.Equal(2.0 / 4, matrix.IntersectionOverUnion(0), 1e-15);
        Assert.Equal(1.0 / 3, matrix.IntersectionOverUnion(1), 1e-15);
        Assert.Equal(1, matrix.IntersectionOverUnion(2));
        Assert.True(double.IsNaN(matrix.IntersectionOverUnion(3)), "a class that is nowhere has no IoU");
        Assert.Equal((0.5 + (1.0 / 3) + 1) / 3, matrix.MeanIntersectionOverUnion, 1e-15);
        Assert.Equal(((2.0 / 3) + 0.5 + 1) / 3, matrix.MeanAccuracy, 1e-15);
    }

    [Fact]
    public void MeanIntersectionOverUnion_PredictedButUnlabelledClass_CountsAsZero()
    {
        var matrix = new ConfusionMatrix(2);
        matrix.Add(Map([0, 0]), Map([0, 1]));
        Assert.Equal(0.25, matrix.MeanIntersectionOverUnion, 1e-15);
    }

    [Fact]
    public void MeanIntersectionOverUnion_EverythingIgnored_IsNoNumber()
    {
        var matrix = new ConfusionMatrix(2);
        matrix.Add(Map([255, 255]), Map([0, 1]));
        Assert.True(double.IsNaN(matrix.MeanIntersectionOverUnion));
    }

    [Fact]
    public void Add_LabelOutOfRange_CountsNothing()
    {
        var matrix = new ConfusionMatrix(2);
        Assert.Throws<ArgumentException>(() => matrix.Add(Map([0, 2]), Map([0, 0])));
        Assert.Equal(0, matrix.Total);
    }

    /// <summary>Random and degenerate cases that <c>mean-iou.py</c> has computed.</summary>
    [Fact]
    public void Metrics_AnyCase_EqualNumPys()
    {
        using Stream file = typeof(ConfusionMatrixTests).Assembly.GetManifestResourceStream("mean-iou.json")!;
        using JsonDocument cases = JsonDocument.Parse(file);
        Assert.Equal(10, cases.RootElement.GetArrayLength());
        foreach (JsonElement one in cases.RootElement.EnumerateArray())
        {
            string name = one.GetProperty("name").GetString()!;
            var matrix = new ConfusionMatrix(one.GetProperty("classes").GetInt32());
            foreach (JsonElement image in one.GetProperty("images").EnumerateArray())
            {
                byte[] labels = Bytes(image.GetProperty("labels")), predictions = Bytes(image.GetProperty("predictions"));
                int width = image.GetProperty("width").GetInt32(), height = labels.Length / width;
                matrix.Add(new ReadOnlySpan2D<byte>(labels, height, width), new ReadOnlySpan2D<byte>(predictions, height, width));
            }

            AssertNumber(one.GetProperty("mIoU"), matrix.MeanIntersectionOverUnion, name);
            AssertNumber(one.GetProperty("mAcc"), matrix.MeanAccuracy, name);
            AssertNumber(one.GetProperty("aAcc"), matrix.PixelAccuracy, name);
            int category = 0;
            foreach (JsonElement iou in one.GetProperty("iou").EnumerateArray())
                AssertNumber(iou, matrix.IntersectionOverUnion(category++), name);
        }
    }

    /// <summary>The same counts and a division: the last bit of a mean may differ by its order.</summary>
    private static void AssertNumber(JsonElement expected, double actual, string name)
    {
        if (expected.ValueKind == JsonValueKind.Null)
            Assert.True(double.IsNaN(actual), name);
        else
            Assert.True(Math.Abs(expected.GetDouble() - actual) < 1e-14, $"{name}: {actual} instead of {expected}");
    }

    private static byte[] Bytes(JsonElement numbers) => [.. numbers.EnumerateArray().Select(n => n.GetByte())];

    private static ReadOnlySpan2D<byte> Map(byte[] row) => new(row, 1, row.Length);
}
