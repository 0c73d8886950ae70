using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Checking;
using Sunet.Data.Datasets.Reading;

namespace Sunet.Data.Tests.Datasets.Layouts;

/// <summary>What a YAML file says of folders, names of files and labels.</summary>
public sealed class DescribedFoldersTests : IDisposable
{
    private const string Folders = "train: images/train\nval: images/val\n", Names = "names: [a, b, c]\n";

    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("train/rgb", "train/gt", "train: train/rgb\ntrain_masks: train/gt\n")]
    [InlineData("train/x/../rgb", "truth/training", "train: train/rgb/\ntrain_masks: truth/training/\n")]
    [InlineData("train", "train/masks", "train: train\ntrain_masks: train/masks\n")]
    [InlineData("train/photos", "train", "train: train/photos\ntrain_masks: train\n")]
    public void Open_FoldersOfAnyName_AreThoseOfTheKeys(string images, string masks, string keys)
    {
        folder.AddPairs(images, masks);
        AssertReads(Yaml(keys + "val: nothing\n" + Names), "train", 5);
    }

    [Theory]
    [InlineData("{0}_sat.jpg", "{0}_mask.png", "image_suffix: _sat.jpg\nmask_suffix: _mask.png\n")]
    [InlineData("{0}.jpg", "{0}_L.png", "mask_suffix: _L.png\n")]
    [InlineData("{0}.png", "{0}_mask.png", "image_suffix: .png\nmask_suffix: _mask.png\n")]
    [InlineData("{0}_sat.PNG", "{0}.png", "image_suffix: _sat.png\nmask_suffix: .png\n")]
    [InlineData("{0}.jpg", "{0}.png", "image_suffix: .jpg\n")]
    public void Open_Suffixes_PairUpFilesInOneFolderOrTwo(string image, string mask, string keys)
    {
        folder.AddPairs("images/{0}", "masks/{0}", image: image, mask: mask);
        AssertReads(Yaml(Folders + Names + keys), "train", 3);
        folder.AddPairs("one/{0}", "one/{0}", image: image, mask: mask);
        AssertReads(Yaml("train: one/train\ntrain_masks: one/train\nval: one/val\nval_masks: one/val\n" + Names + keys), "train", 3);
    }

    [Fact]
    public void Open_SuffixThatSomeImagesDoNotHave_NotesThem()
    {
        folder.AddPairs("images/{0}", "masks/{0}");
        folder.AddPhoto("images/train/other.png");
        SegmentationDataset data = DatasetReader.Open(Yaml(Folders + Names + "image_suffix: .jpg\n"), "train");
        Assert.EndsWith("(.png 1): names of images end in '.jpg'.", Assert.Single(data.Notes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ignore: 0\nnames: {1: water, 2: road}\n")]
    [InlineData("ignore: [0]\nnames: [nothing, water, road]\n")]
    [InlineData("names: [water, road]\nlabels: {0: 255, 1: 0, 2: 1}\n")]
    [InlineData("names: [water, road]\nlabels: {1: 0, 2: 1}\nignore: 0\n")]
    public void Open_LabelIgnored_LeavesTheOthersInOrder(string keys)
    {
        folder.AddPairs("images/{0}", "masks/{0}");
        SegmentationDataset data = DatasetReader.Open(Yaml(Folders + keys), "train");
        Assert.Equal(["water", "road"], data.ClassNames);
        Assert.Equal(LayoutTrees.Stripes(255, 0, 1), data.Load(data.Items[0]).Labels.ToArray());
        Assert.Empty(DatasetCheck.Run(Yaml(Folders + keys)).Findings);
    }

    [Fact]
    public void Open_LabelsMapped_AreTheClassesNamed()
    {
        folder.AddPairs("images/{0}", "masks/{0}", path => folder.AddMask(path, 0, 255, 128));
        SegmentationDataset data = DatasetReader.Open(Yaml(Folders + "names: [a, b]\nlabels: {0: 1, 128: 1, 255: 0}\n"), "train");
        Assert.Equal(LayoutTrees.Stripes(1, 0, 1), data.Load(data.Items[0]).Labels.ToArray());
        Assert.Equal((LayoutTrees.Height, LayoutTrees.Width), data.Items[0].ReadSize());
    }

    [Theory]
    [InlineData("names: [a, b]\nlabels: {0: 0, 1: 1}\n", "has label 2 at column 8, row 0, which 'labels' in")]
    [InlineData("names: [a, b]\nignore: 0\n", "has label 2 at column 8, row 0, which 'names' in")]
    public void Load_LabelThatIsNotListed_NamesFileAndPlace(string keys, string reason)
    {
        folder.AddPairs("images/{0}", "masks/{0}");
        SegmentationDataset data = DatasetReader.Open(Yaml(Folders + keys), "train");
        string said = Assert.Throws<DataException>(() => data.Load(data.Items[0])).Message;
        Assert.Contains(reason, said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Names + "labels: {0: 3}\n", "maps the label 0 to class 3")]
    [InlineData(Names + "labels: {0: 256}\n", "a map from labels to classes")]
    [InlineData(Names + "labels: [0]\n", "a map from labels to classes")]
    [InlineData(Names + "labels: {}\n", "a map from labels to classes")]
    [InlineData(Names + "labels: {0: 1, 00: 2}\n", "maps the label 00 twice")]
    [InlineData(Names + "labels: {0: 0}\nignore: 0\n", "both in 'labels' and in 'ignore'")]
    [InlineData(Names + "ignore: x\n", "a label, or a list of labels")]
    [InlineData(Names + "ignore: {0: 1}\n", "a label, or a list of labels")]
    [InlineData("names: [a]\nignore: 0\n", "names 0 classes")]
    [InlineData("names: {1: a}\n", "number its 1 names from 0")]
    [InlineData(Names + "mask_suffix: _mask\n", "how names end")]
    [InlineData(Names + "image_suffix: x/y.png\n", "how names end")]
    [InlineData(Names + "test_masks: x\n", "'test_masks' without 'test'")]
    public void Open_BadKey_SaysWhatIsWrong(string keys, string reason)
    {
        string said = Assert.Throws<DataException>(() => DatasetReader.Open(Yaml(Folders + keys), "train")).Message;
        Assert.Contains(reason, said, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_OneFolderWithoutSuffixes_SaysWhatTellsThemApart()
    {
        folder.AddPairs("one/{0}", "one/{0}");
        string yaml = Yaml("train: one/train\ntrain_masks: one/train\nval: one/val\n" + Names);
        string said = Assert.Throws<DataException>(() => DatasetReader.Open(yaml, "train")).Message;
        Assert.Contains("'image_suffix' and 'mask_suffix' tell them apart", said, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_FolderOfMasksMissing_NamesTheFolderOnce()
    {
        folder.AddPairs("images/{0}", "truth/{0}");
        string yaml = Yaml(Folders + Names);
        var failure = Assert.Throws<DataException>(() => DatasetReader.Open(yaml, "train"));
        Assert.Equal(
            $"The split 'train' has no masks: there is no folder '{folder.At("masks", "train")}'; name it as 'train_masks' in '{yaml}'.",
            failure.Message);
    }

    private string Yaml(string text) => folder.WriteText(text, "data.yaml");

    private void AssertReads(string yaml, string split, int images)
    {
        SegmentationDataset data = DatasetReader.Open(yaml, split);
        Assert.Equal(images, data.Items.Count);
        Assert.All(data.Items, item => Assert.Equal(LayoutTrees.Stripes(0, 1, 2), data.Load(item).Labels.ToArray()));
        Assert.Empty(data.Notes);
        Assert.DoesNotContain(DatasetCheck.Run(yaml).Findings, finding => !finding.Problem.Contains("nothing", StringComparison.Ordinal));
    }
}
