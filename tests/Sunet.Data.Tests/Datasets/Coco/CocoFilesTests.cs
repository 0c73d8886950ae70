using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Checking;
using Sunet.Data.Datasets.Reading;
using static Sunet.Data.Tests.Datasets.Coco.CocoTree;

namespace Sunet.Data.Tests.Datasets.Coco;

/// <summary>What annotation files, their images and folders may be called.</summary>
public sealed class CocoFilesTests : IDisposable
{
    private readonly CocoTree tree = new();

    public void Dispose() => tree.Dispose();

    [Theory]
    [InlineData("images", "default")]
    [InlineData("default")]
    [InlineData("images")]
    public void Open_OneFileOfAnyName_IsASplitOfThatName(params string[] images)
    {
        MakeDefault(images);
        Assert.Equal(["default"], DatasetLayouts.Open(tree.Root).Splits);
        SegmentationDataset dataset = DatasetReader.Open(tree.Root, "default");
        Assert.Equal(tree.At([.. images, "000000000001.png"]), dataset.Items[0].ImagePath);
        Assert.Equal(4, dataset.ClassCount);
        Assert.Equal(DatasetKind.Segmentation, DatasetReader.KindOf(tree.Root));
        Assert.Empty(DatasetCheck.Run(tree.Root).Findings);
    }

    [Theory]
    [InlineData("train")]
    [InlineData("val")]
    public void Open_UsualSplitWhereThereIsAnother_SaysWhatToDo(string split)
    {
        MakeDefault("images", "default");
        var failure = Assert.Throws<DataException>(() => DatasetReader.Open(tree.Root, split));
        Assert.Equal($"'{tree.Root}' has no split '{split}', only 'default': name one of these, or convert the data set with 'sunet data "
            + "convert' and divide the list that it writes in 'ImageSets/Segmentation' into 'train.txt' and 'val.txt'.", failure.Message);
    }

    [Fact]
    public void Open_NamesWithoutAYear_AreTheUsualSplits()
    {
        foreach (string part in new[] { "train", "val" })
        {
            File.Move(tree.At("annotations", $"instances_{part}2017.json"), tree.At("annotations", $"instances_{part}.json"));
            Directory.Move(tree.At($"{part}2017"), tree.At(part));
        }

        tree.WriteText("holdout", File.ReadAllText(tree.At("annotations", "instances_val.json")));
        tree.AddImage("holdout2017", 3);
        Assert.Equal(["train", "val", "holdout2017"], DatasetLayouts.Open(tree.Root).Splits);
        Assert.Equal(2, DatasetReader.Open(tree.Root, "train").Items.Count);
        Assert.Equal(tree.At("holdout2017", "000000000003.png"), DatasetReader.Open(tree.Root, "holdout2017").Items[0].ImagePath);
    }

    [Fact]
    public void Run_ListOfSomeImagesBesideTheUsualSplits_IsNoSplit()
    {
        tree.WriteText("minival", "no annotations of a split");
        Assert.Equal(["train", "val"], DatasetLayouts.Open(tree.Root).Splits);
        Assert.Empty(DatasetCheck.Run(tree.Root).Findings);
    }

    [Theory]
    [InlineData("\\u0000.jpg")]
    [InlineData("a\\u0000b/c.jpg")]
    [InlineData(".jpg")]
    [InlineData("folder/")]
    public void Run_NameThatNoImageHas_IsFoundWithTheImagesNumber(string name) =>
        AssertFindsName(name, "gives image 1 a name that no image file can have");

    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("..")]
    [InlineData("a/../../b.png")]
    [InlineData("..\\\\b.png")]
    public void Run_NameOutside_IsFoundWithTheImagesNumber(string name) => AssertFindsName(name, "lists image 1 as '");

    [Theory]
    [InlineData("\\u001b[2J.png")]
    [InlineData("a\\nb.png")]
    [InlineData("C:\\\\data\\\\a.png")]
    public void Run_StrangeNameThatIsNotThere_IsFoundWithTheImagesNumber(string name) => AssertFindsName(name, "lists image 1, but '");

    [Fact]
    public void Run_OverlongName_IsFoundWithTheImagesNumber() => AssertFindsName(new string('x', 900) + ".png", "lists image 1, but '");

    private void AssertFindsName(string name, string problem)
    {
        tree.MakeOwn();
        tree.Write(
            "train", ImageList(1, 2).Replace("000000000001.png", name, StringComparison.Ordinal),
            $"{Objects(1)},{Objects(2)}", OwnCategories);
        Assert.Contains(DatasetCheck.Run(tree.Root).Findings, finding => finding.Problem.Contains(problem, StringComparison.Ordinal));
        var failure = Assert.Throws<DataException>(() => DatasetReader.Open(tree.Root, "train"));
        Assert.Contains(problem, failure.Message, StringComparison.Ordinal);
    }

    private void MakeDefault(params string[] images)
    {
        tree.MakeOwn();
        tree.Write("train", ImageList(1, 2), $"{Annotation(1, 1, 1, "[[0,0,3,0,3,6,0,6]]")},{Annotation(2, 2, 7, "[[0,0,3,0,3,6,0,6]]")},"
            + Annotation(3, 2, 90, "[[3,0,6,0,6,6,3,6]]"), OwnCategories);
        File.Move(tree.TrainFile, tree.At("annotations", "instances_default.json"));
        string target = tree.At(images);
        Directory.Move(tree.At("train2017"), tree.At("moved"));
        if (Directory.Exists(target))
            Directory.Delete(target);
        Directory.Move(tree.At("moved"), target);
        Directory.Delete(tree.At("val2017"), recursive: true);
    }
}
