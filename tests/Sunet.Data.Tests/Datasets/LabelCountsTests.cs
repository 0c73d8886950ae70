using Sunet.Data.Conversion;
using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Checking;
using Sunet.Data.Datasets.Labels;
using Sunet.Data.Datasets.Reading;
using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Tests.Datasets;

/// <summary>Classes without a pixel, ignored pixels, and masks of 0 and 255.</summary>
public sealed class LabelCountsTests : IDisposable
{
    private const string Cure = "; '--binary-masks' reads masks of 0 and 255 as background and one class";

    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Run_MasksOf0And255_AreFoundInEachSplitWithTheCure()
    {
        string yaml = WriteYaml("background, lesion", [0, 0, 0, 255], [0, 0, 255, 255]);
        Assert.Equal(
            [
                "In the images of the split 'train', no pixel is of the class 'lesion', and 25.00 % of the pixels are 255, which is "
                    + $"ignored{Cure}.",
                "In the images of the split 'val', no pixel is of the class 'lesion', and 50.00 % of the pixels are 255, which is "
                    + $"ignored{Cure}.",
            ],
            Problems(yaml));
    }

    [Theory]
    [InlineData("background, lesion", new byte[] { 0, 0, 0, 0 }, "no pixel is of the class 'lesion'.")]
    [InlineData("a, b, c, d", new byte[] { 1, 1, 1, 1 }, "no pixel is of the classes 'a', 'c', 'd'.")]
    [InlineData("a, b, c", new byte[] { 0, 1, 255, 1 },
        "no pixel is of the class 'c', and 25.00 % of the pixels are 255, which is ignored.")]
    [InlineData("a, b", new byte[] { 0, 1, 255, 255, 255 }, "60.00 % of the pixels are 255, which is ignored.")]
    [InlineData("a, b", new byte[] { 255, 255 },
        "no pixel is of the classes 'a', 'b', and 100.00 % of the pixels are 255, which is ignored.")]
    [InlineData("lesion", new byte[] { 0, 0 }, "'lesion' is the only class, so that nothing can be told apart.")]
    [InlineData("lesion", new byte[] { 0, 0, 0, 255 }, "'lesion' is the only class, so that nothing can be told apart, and 25.00 % of the "
        + "pixels are 255, which is ignored" + Cure + ", which both need a name.")]
    public void Run_DoubtfulSplit_IsFound(string names, byte[] labels, string problem)
    {
        string yaml = WriteYaml(names, labels, labels);
        Assert.Equal([$"In the images of the split 'train', {problem}", $"In the images of the split 'val', {problem}"], Problems(yaml));
        SegmentationDataset train = DatasetReader.Open(yaml, "train");
        Assert.Equal(
            $"In the images of the split 'train', {problem}",
            LabelCounts.Sample(train).Doubt("train", train.Items.Count, train.ClassNames));
    }

    [Theory]
    [InlineData("a, b", new byte[] { 0, 1 })]
    [InlineData("a, b", new byte[] { 0, 1, 255, 255 })]
    public void Run_SoundSplit_IsNoFinding(string names, byte[] labels) => Assert.Empty(Problems(WriteYaml(names, labels, labels)));

    [Fact]
    public void Run_SplitWithABrokenMask_IsNotJudged()
    {
        string yaml = WriteYaml("a, b", [0, 0], [0, 1]);
        folder.WriteText("no png", "masks", "train", "0.png");
        Assert.Contains("not a PNG", Assert.Single(Problems(yaml)), StringComparison.Ordinal);
    }

    [Fact]
    public void Run_FewImagesOfPublishedClasses_IsANote()
    {
        string yaml = WriteYaml(string.Join(", ", VocClasses.Names), [0, 1], [0, 2]);
        DatasetReport report = DatasetCheck.Run(yaml);
        Assert.Empty(report.Findings);
        Assert.Equal(2, report.Notes.Count(note => note.Contains("no pixel is of the classes", StringComparison.Ordinal)));
        Assert.Contains("and 9 more.", report.Notes[0], StringComparison.Ordinal);
        Assert.Equal(2, Problems(WriteYaml(string.Join(", ", VocClasses.Names), [0, 0], [0, 255])).Length);
    }

    [Fact]
    public void Sample_LargeSplit_IsReadInPartUntilEveryClassIsSeen()
    {
        SegmentationDataset sound = DatasetReader.Open(WriteMany(1000, lastHas: 1, others: 1), "train");
        LabelCounts few = LabelCounts.Sample(sound);
        Assert.Equal(64, few.Images);
        Assert.Null(few.Doubt("train", 1000, sound.ClassNames));

        SegmentationDataset rare = DatasetReader.Open(WriteMany(1000, lastHas: 1, others: 0), "train");
        LabelCounts some = LabelCounts.Sample(rare);
        Assert.InRange(some.Images, 256, 320);
        Assert.Equal(
            $"In {some.Images} of the 1000 images of the split 'train', no pixel is of the class 'b'.",
            some.Doubt("train", 1000, rare.ClassNames));
    }

    [Fact]
    public void Open_BinaryMasks_Reads255AsClass1()
    {
        string yaml = WriteYaml("background, lesion", [0, 255, 0, 255], [0, 1]);
        var options = new DatasetOptions { BinaryMasks = true };
        SegmentationDataset train = DatasetReader.Open(yaml, "train", options);
        Assert.Equal([0, 1, 0, 1], train.Load(train.Items[0]).Labels.ToArray().Cast<byte>());
        Assert.Equal((1, 4), train.Items[0].ReadSize());
        SegmentationDataset val = DatasetReader.Open(yaml, "val", options);
        Assert.Equal([0, 1], val.Load(val.Items[0]).Labels.ToArray().Cast<byte>());
        Assert.Empty(DatasetCheck.Run(yaml, options).Findings);

        var conversion = new ConversionOptions { Labels = options };
        DatasetConverter.Open(yaml, folder.At("voc"), conversion).Run();
        Assert.Empty(DatasetCheck.Run(folder.At("voc")).Findings);
        Assert.Equal([0, 1, 0, 1], LabelFile.Load(folder.At("voc", "SegmentationClass", "0.png")).ToArray().Cast<byte>());
    }

    [Fact]
    public void Open_BinaryMasksWithBothLabels_AreRefused()
    {
        string yaml = WriteYaml("background, lesion", [0, 1, 255], [0, 255]);
        SegmentationDataset train = DatasetReader.Open(yaml, "train", new DatasetOptions { BinaryMasks = true });
        var failure = Assert.Throws<DataException>(() => train.Load(train.Items[0]));
        Assert.Equal($"'{folder.At("masks", "train", "0.png")}' has the labels 1 and 255, so that 255 is no class; leave out "
            + "'--binary-masks', or correct the mask.", failure.Message);
    }

    [Fact]
    public void Open_BinaryMasksOfOtherData_IsRefused()
    {
        var options = new DatasetOptions { BinaryMasks = true };
        string yaml = WriteYaml("a, b, c", [0, 255], [0, 255]);
        var classes = Assert.Throws<ConfigurationException>(() => DatasetReader.Open(yaml, "train", options));
        Assert.Contains("has 3 classes; '--binary-masks' is for PNG masks of two classes", classes.Message, StringComparison.Ordinal);
        using var coco = new Coco.CocoTree();
        var outlines = Assert.Throws<ConfigurationException>(() => DatasetReader.Open(coco.Root, "train", options));
        Assert.Contains("has labels that are no PNG masks", outlines.Message, StringComparison.Ordinal);
        var missing = Assert.Throws<DataException>(() => DatasetReader.Open(coco.Root, "nothing", options));
        Assert.Contains("has no split 'nothing'", missing.Message, StringComparison.Ordinal);
    }

    private static string[] Problems(string path) => [.. DatasetCheck.Run(path).Findings.Select(finding => finding.Problem)];

    // An image a split, of one row.
    private string WriteYaml(string names, byte[] train, byte[] val)
    {
        AddPair("train", "0", train);
        AddPair("val", "0", val);
        return folder.WriteText($"train: images/train\nval: images/val\nnames: [{names}]\n", "data.yaml");
    }

    private string WriteMany(int images, byte lastHas, byte others)
    {
        AddPair("many", "0", [0, others]);
        for (int i = 1; i < images; i++)
        {
            File.Copy(folder.At("images", "many", "0.png"), folder.At("images", "many", $"{i}.png"), overwrite: true);
            File.Copy(folder.At("masks", "many", "0.png"), folder.At("masks", "many", $"{i}.png"), overwrite: true);
        }

        AddPair("many", "999", [0, lastHas]);
        return folder.WriteText("train: images/many\nval: images/many\nnames: [a, b]\n", "many.yaml");
    }

    private void AddPair(string split, string name, byte[] row)
    {
        var labels = new byte[1, row.Length];
        Buffer.BlockCopy(row, 0, labels, 0, row.Length);
        ImageWriter.WritePng(folder.At("images", split, name + ".png"), new Rgb[1, row.Length]);
        IndexPngWriter.Write(folder.At("masks", split, name + ".png"), labels);
    }
}
