using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Reading;
using Sunet.Data.Images;

namespace Sunet.Data.Tests.Datasets.Reading;

public sealed class DatasetReaderTests : IDisposable
{
    private readonly TestFolder folder = TestFolder.WithVoc();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Open_VocLayout_ListsItemsAndClasses()
    {
        SegmentationDataset dataset = DatasetReader.Open(folder.Root, "train");
        Assert.Equal(["ground", "thing"], dataset.ClassNames);
        Assert.Equal(["a", "b"], dataset.Items.Select(item => item.Name));
        Assert.Equal(folder.At("JPEGImages", "a.jpg"), dataset.Items[0].ImagePath);
        var sample = dataset.Load(dataset.Items[1]);
        Assert.Equal((4, 6), (sample.Image.Height, sample.Image.Width));
        Assert.Equal(255, sample.Labels.Span[2, 0]);
    }

    [Fact]
    public void Open_WithoutClassesFile_UsesTheVocNames()
    {
        File.Delete(folder.At("classes.txt"));
        SegmentationDataset dataset = DatasetReader.Open(folder.Root, "val");
        Assert.Equal(21, dataset.ClassCount);
        Assert.Equal("tvmonitor", dataset.ClassNames[20]);
    }

    [Fact]
    public void Open_MissingSplit_NamesTheList() => AssertFails("test", "test.txt");

    [Fact]
    public void Open_EmptySplit_NamesTheList()
    {
        folder.WriteText("\n\n", "ImageSets", "Segmentation", "train.txt");
        AssertFails("train", "train.txt");
    }

    [Fact]
    public void Open_MaskMissing_NamesTheMask()
    {
        File.Delete(folder.At("SegmentationClass", "b.png"));
        AssertFails("train", "b.png");
    }

    [Fact]
    public void Open_ListedImageMissing_NamesTheImage()
    {
        File.Delete(folder.At("JPEGImages", "b.jpg"));
        AssertFails("train", "b.jpg");
    }

    [Fact]
    public void Open_NameOutsideTheFolder_IsRefused()
    {
        folder.WriteText("../../etc/passwd\n", "ImageSets", "Segmentation", "train.txt");
        AssertFails("train", "train.txt");
    }

    [Fact]
    public void Open_NeitherVocNorYaml_NamesThePath()
    {
        Assert.Throws<DataException>(() => DatasetReader.Open(folder.At("JPEGImages"), "train"));
        Assert.Throws<DataException>(() => DatasetReader.Open(folder.At("nothing"), "train"));
        Assert.Throws<DataException>(() => DatasetReader.Open(folder.At("classes.txt"), "train"));
    }

    [Fact]
    public void Load_LabelOutOfRange_NamesFileValueAndPlace()
    {
        var labels = new byte[4, 6];
        labels[2, 5] = 2;
        IndexPngWriter.Write(folder.At("SegmentationClass", "a.png"), labels);
        SegmentationDataset dataset = DatasetReader.Open(folder.Root, "train");
        var failure = Assert.Throws<DataException>(() => dataset.Load(dataset.Items[0]));
        Assert.Contains("a.png' has label 2 at column 5, row 2", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_SizeMismatch_NamesBothFiles()
    {
        IndexPngWriter.Write(folder.At("SegmentationClass", "a.png"), new byte[4, 5]);
        SegmentationDataset dataset = DatasetReader.Open(folder.Root, "train");
        var failure = Assert.Throws<DataException>(() => dataset.Load(dataset.Items[0]));
        Assert.Contains("5 x 4", failure.Message, StringComparison.Ordinal);
        Assert.Contains("a.jpg", failure.Message, StringComparison.Ordinal);
    }

    private void AssertFails(string split, string file)
    {
        var failure = Assert.Throws<DataException>(() => DatasetReader.Open(folder.Root, split));
        Assert.Contains(file, failure.Message, StringComparison.Ordinal);
        Assert.EndsWith(file, failure.Path, StringComparison.Ordinal);
    }
}
