using System.Text;
using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Reading;
using Sunet.Data.Images;
using static Sunet.Data.Tests.Datasets.Coco.CocoTree;

namespace Sunet.Data.Tests.Datasets.Coco;

/// <summary>
/// Whatever the annotation file, its images load or it is refused by <see cref="DataException"/>; anything else fails the test.
/// </summary>
public sealed class CocoHostileTests : IDisposable
{
    private readonly CocoTree tree = new();

    public void Dispose() => tree.Dispose();

    [Fact]
    public void Load_EveryTruncation_IsRefused()
    {
        tree.MakeOwn();
        byte[] file = File.ReadAllBytes(tree.TrainFile);
        for (int length = 0; length < file.Length; length++)
        {
            File.WriteAllBytes(tree.TrainFile, file.AsSpan(0, length));
            Assert.NotNull(Refusal());
        }
    }

    [Fact]
    public void Load_EveryBitFlipped_LoadsOrIsRefused()
    {
        tree.MakeOwn();
        string runs = Annotation(77, 1, 1, """{"counts":"b0b0<","size":[6,8]}""");
        tree.Write("train", ImageList(1), $"{Objects(1)},{runs}", OwnCategories);
        byte[] file = File.ReadAllBytes(tree.TrainFile);
        Assert.InRange(file.Length, 400, 1200);
        int refused = 0;
        for (int bit = 0; bit < file.Length * 8; bit++)
        {
            file[bit / 8] ^= (byte)(1 << (bit % 8));
            File.WriteAllBytes(tree.TrainFile, file);
            refused += Refusal() is null ? 0 : 1;
            file[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        Assert.InRange(refused, file.Length * 4, file.Length * 8);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("""{"images":[],"annotations":[]}""")]
    [InlineData("""{"images":{},"annotations":[],"categories":[]}""")]
    [InlineData("""{"images":[7],"annotations":[],"categories":[]}""")]
    [InlineData("""{"images":[],"images":[],"annotations":[],"categories":[]}""")]
    [InlineData("""{"images":[{}],"annotations":[],"categories":[]}""")]
    [InlineData("""{"images":[],"annotations":[{"id":1}],"categories":[]}""")]
    [InlineData("""{"images":[],"annotations":[],"categories":[{"id":1}]}""")]
    [InlineData("""{"images":[],"annotations":[],"categories":[{"id":1,"name":"\ud800"}]}""")]
    [InlineData("""{"images":[],"annotations":[],"categories":[]} {}""")]
    public void Open_NoAnnotationFile_IsRefused(string json)
    {
        tree.WriteText("train", json);
        Assert.Equal(tree.TrainFile, Refusal()?.Path);
    }

    [Theory]
    [InlineData("-6")]
    [InlineData("0")]
    [InlineData("6.5")]
    [InlineData("99999999999999999999")]
    [InlineData("4294967302")]
    [InlineData("\"6\"")]
    public void Open_SizeIsNone_IsRefused(string height)
    {
        tree.Write("train", ImageList(1).Replace("\"height\":6", $"\"height\":{height}", StringComparison.Ordinal), Objects(1));
        Assert.Equal(tree.TrainFile, Refusal()?.Path);
    }

    [Fact]
    public void Load_SizeAboveTheCap_IsRefusedWithTheImagesNumber()
    {
        SegmentationDataset dataset = DatasetReader.Open(tree.Root, "train");
        var failure = Assert.Throws<DataException>(() => dataset.Items[0].Labels.Load(dataset.Items[0].LabelPath, 47, new SampleBuffers()));
        Assert.Contains("Image 1 of ", failure.Message, StringComparison.Ordinal);
        Assert.Contains("above the cap of 47", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_DeepNesting_IsRefused()
    {
        tree.WriteText("train", "{\"info\":" + new string('[', 1_000_000));
        Assert.NotNull(Refusal());
        tree.WriteTrain(Annotation(1, 1, 1, new string('[', 200) + new string(']', 200), 2000));
        Assert.NotNull(Refusal());
    }

    [Fact]
    public void Open_TextOfMebibytesAsName_IsRefused()
    {
        tree.Write("train", ImageList(1), Objects(1), $$"""[{"id":1,"name":"{{new string('x', 2 << 20)}}"}]""");
        Assert.Equal(tree.TrainFile, Refusal()?.Path);
    }

    [Fact]
    public void Load_PolygonsOfMillionsOfPoints_IsBounded()
    {
        // Every edge crosses the whole image, so that each point is worth eight crossings.
        var points = new StringBuilder("[[");
        for (int i = 0; i < 600_000; i++)
            points.Append(i % 2 == 0 ? "0,0," : "8,6,");
        tree.WriteTrain(Annotation(77, 1, 1, points.Append("0,0]]").ToString(), 2000));
        Assert.Contains("annotation 77 of image 1: its image's outlines", Refusal()?.Message, StringComparison.Ordinal);

        // Sixteen mebibytes and a little of points that cross nothing.
        string far = string.Concat(Enumerable.Repeat("-10000,-10000,", 1_200_000));
        tree.WriteTrain(Annotation(77, 1, 1, $"[[{far}0,0]]", 2000));
        Assert.Contains("segmentation of over 16 MiB", Refusal()?.Message, StringComparison.Ordinal);
    }

    private DataException? Refusal()
    {
        try
        {
            SegmentationDataset dataset = DatasetReader.Open(tree.Root, "train");
            foreach (SegmentationItem item in dataset.Items)
                item.Labels.Load(item.LabelPath, 1 << 20, new SampleBuffers());
            return null;
        }
        catch (DataException failure)
        {
            return failure;
        }
    }
}
