using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Labels;
using Sunet.Data.Datasets.Reading;
using Sunet.Data.Images;

namespace Sunet.Data.Tests.Datasets.Layouts;

/// <summary>Data sets as they are published, each split with the images, the labels and the classes it should have.</summary>
public sealed class PublishedLayoutTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("VOCdevkit")]
    [InlineData("VOCdevkit/VOC2012/")]
    public void Open_Voc_IsFoundFromAbove(string given)
    {
        folder.AddVoc();
        string path = Path.Combine(folder.Root, given);
        AssertNames(["a", "b"], path, "train");
        AssertNames(["c"], path, "val");
        AssertNames(["a", "b", "c"], path, "trainval");
    }

    [Fact]
    public void Open_VocTrainval_IsReadFromItsListWhereThereIsOne()
    {
        folder.AddVoc();
        folder.WriteText("b\n", "VOCdevkit", "VOC2012", "ImageSets", "Segmentation", "trainval.txt");
        AssertNames(["b"], folder.Root, "trainval");
    }

    [Fact]
    public void Open_SplitWithoutLabels_SaysSoAndListsImages()
    {
        folder.AddVoc();
        AssertRefused($"The split 'test' of '{folder.At("VOCdevkit", "VOC2012")}' has no labels", folder.Root, "test");
        DatasetImage image = Assert.Single(DatasetReader.ListImages(folder.Root, "test"));
        Assert.Equal(("t", folder.At("VOCdevkit", "VOC2012", "JPEGImages", "t.jpg")), (image.Name, image.Path));
        Assert.Equal(2, DatasetReader.ListImages(folder.Root, "train").Count);
    }

    /// <summary>Train a, b; val c; SBD b, c, s1, s2: without c, and b with VOC's own mask.</summary>
    [Theory]
    [InlineData]
    [InlineData("SBD")]
    [InlineData("VOCdevkit", "VOCaug")]
    [InlineData("VOCdevkit")]
    [InlineData("VOCdevkit", "VOC2012")]
    public void Open_TrainaugFromSbd_IsItsUnionWithTrainWithoutVal(params string[] place)
    {
        folder.AddVoc();
        folder.AddSbd(place);
        SegmentationDataset data = AssertNames(["a", "b", "s1", "s2"], folder.Root, "trainaug");
        Assert.Equal(21, data.ClassCount);
        Assert.Equal(255, data.Load(data.Items[1]).Labels.Span[0, 0]);
        foreach (SegmentationItem item in data.Items.Skip(2))
        {
            Assert.Equal(PublishedTrees.Labels, data.Load(item).Labels.ToArray());
            Assert.Equal((2, 3), item.ReadSize());
            Assert.Equal(folder.At("VOCdevkit", "VOC2012", "JPEGImages", item.Name + ".jpg"), item.ImagePath);
        }
    }

    [Fact]
    public void Open_TrainaugFromPngs_TakesThemWhereVocHasNone()
    {
        folder.AddVoc();
        string[] root = ["VOCdevkit", "VOC2012"];
        foreach (string name in new[] { "a", "b", "s1" })
            IndexPngWriter.Write(folder.At([.. root, "SegmentationClassAug", name + ".png"]), PublishedTrees.Labels);
        folder.WriteText("a\nb\ns1\n", [.. root, "ImageSets", "Segmentation", "trainaug.txt"]);
        SegmentationDataset data = AssertNames(["a", "b", "s1"], folder.Root, "trainaug");
        Assert.Equal([255, 255, 0], data.Items.Select(item => (int)data.Load(item).Labels.Span[0, 0]));
    }

    [Fact]
    public void Open_OfficialSplit_TakesNoMaskFromElsewhere()
    {
        folder.AddVoc();
        folder.AddSbd();
        File.Delete(folder.At("VOCdevkit", "VOC2012", "SegmentationClass", "b.png"));
        AssertRefused("its mask", folder.Root, "train");
        SegmentationDataset data = DatasetReader.Open(folder.Root, "trainaug");
        Assert.EndsWith("b.mat", data.Items[1].LabelPath, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_TrainaugOfNothing_SaysWhatItTakes()
    {
        folder.AddVoc();
        folder.AddSbd("elsewhere");
        string said = Assert.Throws<DataException>(() => DatasetReader.Open(folder.Root, "trainaug")).Message;
        Assert.Contains("SegmentationClassAug", said, StringComparison.Ordinal);
        Assert.Contains("benchmark_RELEASE", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("benchmark_RELEASE")]
    [InlineData("benchmark_RELEASE/dataset")]
    public void Open_Sbd_IsFoundFromAbove(string given)
    {
        folder.AddSbd();
        string path = Path.Combine(folder.Root, given);
        AssertNames(["b", "c", "s1"], path, "train");
        AssertNames(["b", "c", "s1", "s2"], path, "trainval");
        SegmentationDataset data = AssertNames(["s2"], path, "val");
        Assert.Equal("tvmonitor", data.ClassNames[20]);
        Assert.Equal(PublishedTrees.Labels, data.Load(data.Items[0]).Labels.ToArray());
    }

    [Fact]
    public void Open_Cityscapes_MapsLabelIdsToTheClasses()
    {
        folder.AddCityscapes();
        SegmentationDataset data = AssertNames(["aachen/aachen_0_0", "bonn/bonn_0_0"], folder.Root, "train");
        Assert.Equal(19, data.ClassCount);
        byte[,] expected = { { 0, 18, 255 }, { 255, 13, 255 } };
        Assert.Equal(expected, data.Load(data.Items[0]).Labels.ToArray());
        AssertNames(["ulm/ulm_0_0"], folder.Root, "val");
        Assert.Throws<DataException>(() => DatasetReader.Open(folder.Root, "test"));
        Assert.Equal("bern/bern_0_0", Assert.Single(DatasetReader.ListImages(folder.Root, "test")).Name);
    }

    [Fact]
    public void Load_CityscapesLabelIdThatIsNone_NamesFileValueAndPlace()
    {
        folder.AddCityscapes();
        byte[,] ids = { { 7, 7, 7 }, { 7, 34, 7 } };
        folder.Write(TestPng.Indexed(ids, 8, 0), "gtFine", "val", "ulm", "ulm_0_0_gtFine_labelIds.png");
        SegmentationDataset data = DatasetReader.Open(folder.Root, "val");
        var failure = Assert.Throws<DataException>(() => data.Load(data.Items[0]));
        Assert.Contains("ulm_0_0_gtFine_labelIds.png' has label id 34 at column 1, row 1", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_CityscapesWithoutLabels_NamesTheFolder()
    {
        folder.AddCityscapes();
        Directory.Delete(folder.At("gtFine", "val"), recursive: true);
        AssertRefused("there is no folder '" + folder.At("gtFine", "val"), folder.Root, "val");
    }

    [Fact]
    public void Cityscapes_Classes_GoBothWays()
    {
        for (int trainId = 0; trainId < 19; trainId++)
            Assert.Equal(trainId, CityscapesClasses.ToTrainId(CityscapesClasses.ToLabelId((byte)trainId)));
        Assert.Equal(19, Enumerable.Range(0, 256).Count(id => CityscapesClasses.ToTrainId((byte)id) != 255));
        Assert.Equal((19, 19), (CityscapesClasses.Names.Count, CityscapesClasses.Colours.Length));
        Assert.Equal(("road", "bicycle"), (CityscapesClasses.Names[0], CityscapesClasses.Names[18]));
        Assert.Equal(0, CityscapesClasses.ToLabelId(255));
        Assert.Throws<ArgumentOutOfRangeException>(() => CityscapesClasses.ToLabelId(19));
    }

    [Fact]
    public void Open_YamlTest_HasLabelsWhereThereAreMasks()
    {
        string yaml = folder.AddYaml();
        AssertRefused("no labels", yaml, "test");
        Assert.Equal("z", Assert.Single(DatasetReader.ListImages(yaml, "test")).Name);
        IndexPngWriter.Write(folder.At("masks", "test", "z.png"), PublishedTrees.Labels);
        AssertNames(["z"], yaml, "test");
    }

    [Fact]
    public void Open_YamlWhoseMasksAreItsImages_IsRefused()
    {
        string yaml = folder.AddYaml();
        File.AppendAllText(yaml, "masks_dir: images\n");
        AssertRefused("both as images and as masks", yaml, "train");
    }

    [Fact]
    public void Open_UnknownFolder_NamesEveryLayout()
    {
        folder.WriteText("", "something", "file.txt");
        foreach (string path in new[] { folder.At("something"), folder.At("something", "file.txt") })
        {
            string said = Assert.Throws<DataException>(() => DatasetReader.Open(path, "train")).Message;
            Assert.All(["PASCAL VOC", "Cityscapes", "SBD", ".yaml"], layout => Assert.Contains(layout, said, StringComparison.Ordinal));
        }
    }

    private static void AssertRefused(string reason, string path, string split)
    {
        var failure = Assert.Throws<DataException>(() => DatasetReader.Open(path, split));
        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
    }

    private static SegmentationDataset AssertNames(string[] names, string path, string split)
    {
        SegmentationDataset data = DatasetReader.Open(path, split);
        Assert.Equal(names, data.Items.Select(item => item.Name));
        return data;
    }
}
