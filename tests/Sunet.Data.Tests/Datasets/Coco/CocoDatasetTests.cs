using System.Text.RegularExpressions;
using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Reading;
using Sunet.Data.Images;
using static Sunet.Data.Tests.Datasets.Coco.CocoTree;

namespace Sunet.Data.Tests.Datasets.Coco;

public sealed class CocoDatasetTests : IDisposable
{
    private const string Left = "[[0,0,3,0,3,6,0,6]]", Whole = "[[0,0,8,0,8,6,0,6]]";

    private readonly CocoTree tree = new();

    public void Dispose() => tree.Dispose();

    [Fact]
    public void Open_CocoLayout_ListsImagesAndTheClassesOfVoc()
    {
        SegmentationDataset dataset = DatasetReader.Open(tree.Root, "train");
        Assert.Equal(21, dataset.ClassCount);
        Assert.Equal(["000000000001", "000000000002"], dataset.Items.Select(item => item.Name));
        Assert.Equal(tree.At("train2017", "000000000002.png"), dataset.Items[1].ImagePath);
        Assert.Equal(tree.TrainFile, dataset.Items[1].LabelPath);
        Assert.Equal((6, 8), dataset.Items[1].ReadSize());
        Assert.Single(DatasetReader.Open(tree.Root, "val").Items);
    }

    [Fact]
    public void Load_PolygonAndRunLengths_AreTheClassesByName()
    {
        byte[,] labels = tree.LoadFirst();
        for (int y = 0; y < 6; y++)
            Assert.Equal([15, 15, 15, 18, 18, 18, 0, 0], Enumerable.Range(0, 8).Select(x => labels[y, x]));
    }

    [Fact]
    public void Open_EveryCategoryOfVoc_IsFoundByCocosName()
    {
        string[] names =
        [
            "airplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "dining table", "dog", "horse",
            "motorcycle", "person", "potted plant", "sheep", "couch", "train", "tv",
        ];
        string categories = Categories;
        foreach ((string name, int i) in names.Reverse().Select((name, i) => (name, i)))
            categories = Regex.Replace(categories, $"\"id\":\\d+(?=[^}}]*\"name\":\"{name}\")", $"\"id\":{i + 1}");
        string[] columns =
            [.. names.Select((_, i) => Annotation(i, 1, 20 - i, $$"""{"size":[20,20],"counts":[{{i * 20}},20,{{380 - (i * 20)}}]}"""))];
        tree.Write("val", """{"file_name":"a.png","height":20,"width":20,"id":1}""", string.Join(',', columns), categories);
        Data.Images.ImageWriter.WritePng(tree.At("val2017", "a.png"), new Native.Tensors.Rgb[20, 20]);
        byte[,] labels = tree.LoadFirst("val");
        Assert.Equal(Enumerable.Range(1, 20), Enumerable.Range(0, 20).Select(x => (int)labels[7, x]));
    }

    [Fact]
    public void Open_SectionsInAnyOrder_AreTheSame()
    {
        byte[,] expected = tree.LoadFirst();
        tree.WriteText(
            "train",
            $$"""
            { "categories" : {{Categories}}, "annotations": [{{Objects(1)}}], "licenses": [{"images":[{"id":1}]}],
              "images": [{{ImageList(1)}}] }

            """);
        Assert.Equal(expected, tree.LoadFirst());
    }

    [Fact]
    public void Open_LargerThanTheBuffer_IsReadWhole()
    {
        // The text and the white space each make the file's parts straddle and outgrow the reader's buffer of a mebibyte.
        string text = new('x', 3 << 20), space = new(' ', (1 << 20) - 7);
        byte[,] expected = tree.LoadFirst();
        tree.WriteText(
            "train",
            $$"""{"info":"{{text}}","images":[{{ImageList(1)}}],{{space}}"annotations":[{{Objects(1)}}],"categories":{{Categories}}}""");
        Assert.Equal(expected, tree.LoadFirst());
    }

    [Fact]
    public void Open_ByteOrderMark_IsPassedOver()
    {
        byte[,] expected = tree.LoadFirst();
        tree.WriteText("train", "\uFEFF" + File.ReadAllText(tree.TrainFile));
        Assert.Equal(expected, tree.LoadFirst());
    }

    [Fact]
    public void Open_TrainingImagesOf1000AnnotatedPixelsOrLess_AreLeftOut()
    {
        string annotations = string.Join(
            ',', Annotation(1, 1, 1, Left, area: 1000), Annotation(2, 2, 1, Left, area: 400), Annotation(3, 2, 7, Left, area: 600.5));
        tree.Write("train", ImageList(1, 2), annotations);
        Assert.Equal("000000000002", Assert.Single(DatasetReader.Open(tree.Root, "train").Items).Name);
    }

    [Fact]
    public void Open_ObjectsOfOtherCategories_DoNotCountAsAnnotated()
    {
        tree.WriteTrain(Annotation(1, 1, 90, Whole, area: 5000));
        var failure = Assert.Throws<DataException>(() => DatasetReader.Open(tree.Root, "train"));
        Assert.Contains("more than 1000 annotated pixels", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_ValidationImagesWithoutObjects_AreKeptAsBackground()
    {
        tree.Write("val", ImageList(3), "");
        Assert.DoesNotContain(tree.LoadFirst("val").Cast<byte>(), label => label != 0);
    }

    [Fact]
    public void Load_Overlap_IsIgnoredAndCrowdsAreObjects()
    {
        tree.WriteTrain(
            Annotation(1, 1, 1, Left, 900), Annotation(2, 1, 1, """{"counts":[6,12,30],"size":[6,8]}""", 900),
            Annotation(3, 1, 7, """{"counts":[36,12],"size":[6,8]}""", 900, crowd: 1), Annotation(4, 1, 90, Whole));
        byte[,] labels = tree.LoadFirst();
        for (int y = 0; y < 6; y++)
            Assert.Equal([15, 255, 255, 0, 0, 0, 18, 18], Enumerable.Range(0, 8).Select(x => labels[y, x]));
    }

    [Fact]
    public void Load_PartsOfOneObjectThatOverlap_AreNotIgnored()
    {
        tree.WriteTrain(Annotation(1, 1, 1, "[[0,0,3,0,3,6,0,6],[2,0,5,0,5,6,2,6],[1,1,2,1,2,2,1,2]]", 2000));
        byte[,] labels = tree.LoadFirst();
        Assert.Equal([15, 15, 15, 15, 15, 0, 0, 0], Enumerable.Range(0, 8).Select(x => labels[1, x]));
    }

    [Fact]
    public void Open_ClassesFile_NamesOtherCategoriesToKeep()
    {
        File.WriteAllText(tree.At("classes.txt"), "ground\nkite\ncouch\n");
        SegmentationDataset dataset = DatasetReader.Open(tree.Root, "val");
        Assert.Equal(["ground", "kite", "couch"], dataset.ClassNames);
        byte[,] labels = dataset.Load(dataset.Items[0]).Labels.ToArray();
        Assert.Equal([1, 1, 1, 255, 255, 255, 1, 1], Enumerable.Range(0, 8).Select(x => labels[5, x]));
    }

    [Fact]
    public void Open_BothYearsAndImagesFolder_TakesTheNewerUnlessOneIsNamed()
    {
        Directory.CreateDirectory(tree.At("images"));
        Directory.Move(tree.At("val2017"), tree.At("images", "val2017"));
        File.Copy(tree.At("annotations", "instances_val2017.json"), tree.At("annotations", "instances_val2014.json"));
        tree.AddImage(Path.Combine("images", "val2014"), 3);
        Assert.Equal(tree.At("images", "val2017", "000000000003.png"), DatasetReader.Open(tree.Root, "val").Items[0].ImagePath);
        Assert.Equal(tree.At("images", "val2014", "000000000003.png"), DatasetReader.Open(tree.Root, "val2014").Items[0].ImagePath);
        Assert.Equal(["train", "val"], DatasetLayouts.Open(tree.Root).Splits);
    }

    [Theory]
    [InlineData("test")]
    [InlineData("train2014")]
    [InlineData("../annotations/instances_train2017")]
    public void Open_UnknownSplit_NamesTheOthers(string split)
    {
        var failure = Assert.Throws<DataException>(() => DatasetReader.Open(tree.Root, split));
        Assert.Contains("only 'train', 'val'", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_FileChangedSinceOpening_IsRefused()
    {
        SegmentationDataset dataset = DatasetReader.Open(tree.Root, "train");
        File.AppendAllText(tree.TrainFile, "\n");
        var failure = Assert.Throws<DataException>(() => dataset.Load(dataset.Items[0]));
        Assert.Contains("was changed since", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_FromManyThreads_EqualsOneThread()
    {
        string[] objects = [.. Enumerable.Range(1, 8).Select(i => Annotation(i, i, i % 2 == 0 ? 1 : 7, $"[[0,0,{i},0,{i},6,0,6]]", 2000))];
        tree.Write("train", ImageList([.. Enumerable.Range(1, 8)]), string.Join(',', objects));
        for (int id = 3; id <= 8; id++)
            tree.AddImage("train2017", id);
        SegmentationDataset dataset = DatasetReader.Open(tree.Root, "train");
        byte[][,] expected = [.. dataset.Items.Select(item => dataset.Load(item).Labels.ToArray())];
        Assert.Equal(8, expected.Select(labels => labels.Cast<byte>().Count(label => label > 0)).Distinct().Count());
        Parallel.For(0, 400, i => Assert.Equal(expected[i % 8], dataset.Load(dataset.Items[i % 8]).Labels.ToArray()));
    }

    [Fact]
    public void Load_WithBuffers_AllocatesLittle()
    {
        string large = ImageList(1).Replace("\"height\":6,\"width\":8", "\"height\":100,\"width\":200", StringComparison.Ordinal);
        string zigzag = string.Join(',', Enumerable.Range(0, 200).Select(x => $"{x},{x % 2 * 90}"));
        tree.Write("train", large, Annotation(1, 1, 1, $"[[{zigzag}]]", 2000));
        SegmentationItem item = DatasetReader.Open(tree.Root, "train").Items[0];
        var buffers = new SampleBuffers();
        void Load() => item.Labels.Load(item.LabelPath, 1 << 20, buffers);
        for (int i = 0; i < 3; i++)
            Load();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            Load();
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100 * 1024);
    }
}
