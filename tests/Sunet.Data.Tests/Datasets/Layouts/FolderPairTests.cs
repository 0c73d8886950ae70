using Sunet.Data.Conversion;
using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Checking;
using Sunet.Data.Datasets.Reading;

namespace Sunet.Data.Tests.Datasets.Layouts;

/// <summary>Folders of images beside folders of masks, without a layout of their own: never a classifier's.</summary>
public sealed class FolderPairTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    public static TheoryData<string, string, string, string> Trees => new()
    {
        { "{0}/image", "{0}/label", "im{0}.jpg", "im{0}.png" },
        { "{0}/img", "{0}/mask", "im{0}.png", "im{0}.png" },
        { "{0}/rgb", "{0}/gt", "im{0}.jpg", "im{0}.png" },
        { "{0}/photographs", "{0}/truth", "im{0}.jpg", "im{0}.png" },
        { "images/{0}", "masks/{0}", "im{0}.jpg", "im{0}.png" },
        { "image/{0}", "annotations/{0}", "{0}.jpg", "{0}_label.png" },
        { "{0}", "{0}annot", "im{0}.png", "im{0}.png" },
        { "{0}", "{0}_labels", "im_{0}.png", "im_{0}_L.png" },
        { "{0}", "{0}/masks", "im{0}.jpg", "im{0}.png" },
        { "{0}_images", "{0}_masks", "{0}_sat.jpg", "{0}_mask.png" },
    };

    [Theory]
    [MemberData(nameof(Trees))]
    public void Open_PairsWithAListOfClasses_AreADataSet(string images, string masks, string image, string mask)
    {
        folder.AddPairs(images, masks, image: image, mask: mask);
        folder.WriteText("a\nb\nc\n", "classes.txt");
        Assert.Equal(DatasetKind.Segmentation, DatasetReader.KindOf(folder.Root));
        foreach ((string split, int count) in new[] { ("train", 3), ("val", 2) })
        {
            SegmentationDataset data = DatasetReader.Open(folder.Root, split);
            Assert.Equal(count, data.Items.Count);
            Assert.Equal(["a", "b", "c"], data.ClassNames);
            Assert.All(data.Items, item => Assert.Equal(LayoutTrees.Stripes(0, 1, 2), data.Load(item).Labels.ToArray()));
        }

        Assert.Empty(DatasetCheck.Run(folder.Root).Findings);
    }

    [Theory]
    [MemberData(nameof(Trees))]
    public void Open_PairsWithoutClasses_AreRefusedWithTheYamlThatReadsThem(string images, string masks, string image, string mask)
    {
        folder.AddPairs(images, masks, image: image, mask: mask);
        Assert.Equal(DatasetKind.Segmentation, DatasetReader.KindOf(folder.Root));
        Assert.Throws<DataException>(() => DatasetReader.OpenClassification(folder.Root, "train"));
        AssertYamlReads(["class0", "class1", "class2"], LayoutTrees.Stripes(0, 1, 2));
    }

    [Theory]
    [InlineData("training", "validation")]
    [InlineData("Train", "valid")]
    public void Open_OtherWordsForSplits_AreKnown(string train, string val)
    {
        folder.AddPairs("{0}/images", "{0}/masks", train: train, val: val);
        folder.WriteText("a\nb\nc\n", "class_names.txt");
        Assert.Equal(3, DatasetReader.Open(folder.Root, "train").Items.Count);
        Assert.Equal(2, DatasetReader.Open(folder.Root, "val").Items.Count);
    }

    [Fact]
    public void Open_MasksOf0And255_AreTwoClassesInTheYaml()
    {
        folder.AddPairs("{0}/image", "{0}/label", path => folder.AddMask(path, 0, 255));
        AssertYamlReads(["background", "foreground"], LayoutTrees.Stripes(0, 1));
    }

    [Fact]
    public void Open_MasksInShadesOfGrey_AreClassesInTheYaml()
    {
        folder.AddPairs("{0}/image", "{0}/label", path => folder.AddMask(path, 0, 85, 170, 255));
        AssertYamlReads(["class0", "class1", "class2", "class3"], LayoutTrees.Stripes(0, 1, 2, 3));
    }

    [Fact]
    public void Open_TwoFoldersWithoutSplits_AreReadByTheYaml()
    {
        folder.AddPairs("my images", "masks");
        string said = AssertYamlReads(["class0", "class1", "class2"], LayoutTrees.Stripes(0, 1, 2), images: 5);
        Assert.Contains("'val' should be images kept out of training", said, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_LabelmeFolders_AreTheSplitTrain()
    {
        folder.AddPairs("JPEGImages", "SegmentationClass");
        folder.AddPairs("SegmentationClassVisualization", "SegmentationObject", path => folder.AddMask(path, 0, 7, 9));
        folder.WriteText("_background_\na\nb", "class_names.txt");
        Assert.Equal(5, DatasetReader.Open(folder.Root, "train").Items.Count);
        Assert.Contains(
            "only train", Assert.Throws<DataException>(() => DatasetReader.Open(folder.Root, "val")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_TestWithoutMasks_HasImages()
    {
        folder.AddPairs("{0}/image", "{0}/label");
        folder.AddPhoto("test/image/x.jpg");
        folder.WriteText("a\nb\nc\n", "classes.txt");
        Assert.Equal("x", Assert.Single(DatasetReader.ListImages(folder.Root, "test")).Name);
        Assert.Throws<DataException>(() => DatasetReader.Open(folder.Root, "test"));
    }

    /// <summary>A folder beside the pair that is neither.</summary>
    [Fact]
    public void Open_ThirdFolderBesideThePair_DoesNotHideIt()
    {
        folder.AddPairs("{0}/image", "{0}/label");
        folder.AddPairs("{0}/image", "{0}/depth", path => folder.AddPhoto(path));
        AssertYamlReads(["class0", "class1", "class2"], LayoutTrees.Stripes(0, 1, 2));
    }

    [Fact]
    public void Open_TwoFoldersThatMayBeMasks_AreLeftToTheUser()
    {
        folder.AddPairs("{0}/image", "{0}/masks");
        folder.AddPairs("{0}/image", "{0}/labels");
        folder.WriteText("a\nb\nc\n", "classes.txt");
        string said = AssertYamlReads(["a", "b", "c"], LayoutTrees.Stripes(0, 1, 2));
        Assert.Contains("more than one folder that may have their masks", said, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_PairsWithColours_AreRefusedWithTheWayToConvertThem()
    {
        AddColours();
        Assert.Equal(DatasetKind.Segmentation, DatasetReader.KindOf(folder.Root));
        string said = Assert.Throws<DataException>(() => DatasetReader.Open(folder.Root, "train")).Message;
        Assert.Contains($"'sunet data convert --data {folder.Root} --out FOLDER --colour-map FILE'", said, StringComparison.Ordinal);
        Assert.Equal(said, Assert.Single(DatasetCheck.Run(folder.Root).Findings).Problem);
    }

    [Fact]
    public void Convert_PairsWithColoursAndAMap_AreADataSet()
    {
        AddColours();
        string map = folder.WriteText("ground:0,0,0\nroad:250,50,83\n", "map.txt"), output = folder.At("out", "voc");
        DatasetConverter.Open(folder.Root, output, new ConversionOptions { ColourMap = map }).Run();
        SegmentationDataset data = DatasetReader.Open(output, "train");
        Assert.Equal(["ground", "road"], data.ClassNames);
        Assert.All(data.Items, item => Assert.Equal(LayoutTrees.Stripes(0, 1), data.Load(item).Labels.ToArray()));
    }

    [Fact]
    public void KindOf_FoldersOfClasses_StaysAClassifiers()
    {
        string[] photos = ["train/cat/1.jpg", "train/dog/1.jpg", "train/cat/2.jpg", "train/dog/2.jpg", "val/cat/3.jpg", "val/dog/3.jpg"];
        foreach (string path in photos)
            folder.AddPhoto(path, path.Length);
        Assert.Equal(DatasetKind.Classification, DatasetReader.KindOf(folder.Root));
        foreach (string path in new[] { "train/cat/1.png", "train/dog/1.png", "train/cat/2.png", "train/dog/2.png" })
            folder.AddMask(path);
        Assert.Equal(DatasetKind.Classification, DatasetReader.KindOf(folder.Root));
        foreach (string name in new[] { "cat", "dog", "fish", "owl" })
            folder.AddMask($"train/{name}/3.png", (byte)name.Length);
        folder.AddPhoto("train/cat/3.png");
        Assert.Equal(DatasetKind.Classification, DatasetReader.KindOf(folder.Root));
        Assert.Equal(["cat", "dog", "fish", "owl"], DatasetReader.OpenClassification(folder.Root, "train").ClassNames);
    }

    [Fact]
    public void Open_FolderOfNeither_SaysSo()
    {
        folder.AddPhoto("train/images/a.jpg");
        folder.AddMask("train/masks/b.png");
        string said = Assert.Throws<DataException>(() => DatasetReader.Open(folder.Root, "train")).Message;
        Assert.Contains("for folders of images and masks give a .yaml file", said, StringComparison.Ordinal);
    }

    [Fact]
    public void OpenClassification_NoFoldersOfClasses_BlamesNoFileThatIsNotThere()
    {
        folder.AddPhoto("val/a.jpg");
        folder.WriteText("a\n", "val.txt");
        var failure = Assert.Throws<DataException>(() => DatasetReader.OpenClassification(folder.Root, "train"));
        Assert.Equal(folder.Root, failure.Path);
        Assert.Contains("has no folder of classes in train, val, test", failure.Message, StringComparison.Ordinal);
    }

    private void AddColours() =>
        folder.AddPairs("{0}/rgb", "{0}/gt", path => folder.AddColours(path, LayoutTrees.Black, LayoutTrees.Red));

    /// <summary>Saves the YAML file of a refusal as it says.</summary>
    private string AssertYamlReads(string[] classes, byte[,] labels, int images = 3)
    {
        var failure = Assert.Throws<DataException>(() => DatasetReader.Open(folder.Root, "train"));
        Assert.Contains($"save this line as '{folder.At("data.yaml")}'", failure.Message, StringComparison.Ordinal);
        string yaml = folder.WriteText(failure.Message[failure.Message.IndexOf('{', StringComparison.Ordinal)..], "data.yaml");
        SegmentationDataset data = DatasetReader.Open(yaml, "train");
        Assert.Equal(images, data.Items.Count);
        Assert.Equal(classes, data.ClassNames);
        Assert.All(data.Items, item => Assert.Equal(labels, data.Load(item).Labels.ToArray()));
        Assert.NotEmpty(DatasetReader.Open(yaml, "val").Items);
        return failure.Message;
    }
}
