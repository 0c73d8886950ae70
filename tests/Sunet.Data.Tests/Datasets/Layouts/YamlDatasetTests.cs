using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Reading;
using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Tests.Datasets.Layouts;

public sealed class YamlDatasetTests : IDisposable
{
    private const string Good = "path: .\ntrain: images/train\nval: images/val\nnames: [ground, thing]\n";

    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Open_ImagesAndMasks_PairsThemByName()
    {
        Plant("masks");
        SegmentationDataset dataset = DatasetReader.Open(folder.WriteText(Good, "data.yaml"), "train");
        Assert.Equal(["one", "sub/two"], dataset.Items.Select(item => item.Name));
        Assert.Equal(folder.At("masks", "train", "sub", "two.png"), dataset.Items[1].LabelPath);
        Assert.Equal(2, dataset.ClassCount);
        Assert.Equal(12, dataset.Load(dataset.Items[0]).Image.Length);
    }

    [Fact]
    public void Open_NamesAsMapAndOtherMasksFolder_AreRead()
    {
        Plant("labels");
        string yaml = Good.Replace("[ground, thing]", "{1: thing, 0: ground}", StringComparison.Ordinal) + "masks_dir: labels\n";
        SegmentationDataset dataset = DatasetReader.Open(folder.WriteText(yaml, "data.yaml"), "val");
        Assert.Equal(["ground", "thing"], dataset.ClassNames);
        Assert.Single(dataset.Items);
    }

    [Theory]
    [InlineData(Good + "nc: 2\n", "unknown key 'nc'")]
    [InlineData("train: a\nval: b\n", "lacks the key 'names'")]
    [InlineData("val: b\nnames: [a]\n", "lacks the key 'train'")]
    [InlineData("train: a\nval: b\nnames: {0: a, 2: b}\n", "number its 2 names")]
    [InlineData("train: a\nval: b\nnames: [a, a]\n", "twice")]
    [InlineData("train: a\nval: b\nnames: []\n", "0 classes")]
    [InlineData("train: a\nval: b\nnames: {a: [b]}\n", "number its 1 names")]
    [InlineData("train: [a]\nval: b\nnames: [a]\n", "a text for the key 'train'")]
    [InlineData("train: {a\n", "not valid YAML")]
    [InlineData("\t: :1*}", "not valid YAML")]
    [InlineData("path: \"a\\0b\"\ntrain: a\nval: b\nnames: [a]\n", "null character")]
    [InlineData("- a\n", "does not describe")]
    [InlineData("", "does not describe")]
    [InlineData(Good, "no folder")]
    public void Open_BadDescription_SaysWhatIsWrong(string yaml, string reason)
    {
        string path = folder.WriteText(yaml, "data.yaml");
        var failure = Assert.Throws<DataException>(() => DatasetReader.Open(path, "train"));
        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[", 50_000)]
    [InlineData("{a: ", 50_000)]
    [InlineData("- ", 50_000)]
    [InlineData("&a [*a]", 1)]
    public void Open_NestedBeyondReasonOrInItself_IsDataException(string level, int depth)
    {
        string path = folder.WriteText("train:\n " + string.Concat(Enumerable.Repeat(level, depth)), "data.yaml");
        Assert.Throws<DataException>(() => DatasetReader.Open(path, "train"));
    }

    [Fact]
    public void Open_BracketUnclosedOverManyLines_IsDataException()
    {
        string path = folder.WriteText("train: [a\n" + string.Concat(Enumerable.Repeat("a\n", 1_000)), "data.yaml");
        Assert.Contains(
            "not valid YAML", Assert.Throws<DataException>(() => DatasetReader.Open(path, "train")).Message, StringComparison.Ordinal);
    }

    private void Plant(string masks)
    {
        foreach (string name in new[] { "train/one", "train/sub/two", "val/three" })
        {
            ImageWriter.WritePng(folder.At(["images", .. (name + ".png").Split('/')]), new Rgb[3, 4]);
            IndexPngWriter.Write(folder.At([masks, .. (name + ".png").Split('/')]), new byte[3, 4]);
        }
    }
}
