using Sunet.Data.Conversion;
using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Checking;
using Sunet.Data.Datasets.Reading;
using Sunet.Data.Images;

namespace Sunet.Data.Tests.Datasets.Layouts;

/// <summary>Names as cameras, systems and tools write them: in capitals, hidden, with extensions, of other formats.</summary>
public sealed class FileNameTests : IDisposable
{
    private static readonly byte[] AppleDouble = [0, 5, 22, 7, 0, 2, 0, 0];

    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("JPEGImages/a.jpg", "JPEGImages/a.JPG")]
    [InlineData("JPEGImages/a.jpg", "JPEGImages/a.Jpeg")]
    [InlineData("JPEGImages/a.jpg", "JPEGImages/a.jfif")]
    [InlineData("SegmentationClass/a.png", "SegmentationClass/a.PNG")]
    public void Open_VocExtensionInAnotherCase_IsRead(string from, string to)
    {
        AddVoc();
        File.Move(folder.At(from.Split('/')), folder.At(to.Split('/')));
        SegmentationItem item = DatasetReader.Open(folder.Root, "train").Items[0];
        Assert.Contains(folder.At(to.Split('/')), new[] { item.ImagePath, item.LabelPath });
        Assert.Empty(DatasetCheck.Run(folder.Root).Findings);
    }

    [Fact]
    public void Open_FoldersWithExtensionsInCapitals_AreRead()
    {
        folder.AddPairs("images/{0}", "masks/{0}", image: "im{0}.JPG", mask: "im{0}.PNG");
        string yaml = folder.WriteText("train: images/train\nval: images/val\nnames: [a, b, c]\n", "data.yaml");
        Assert.Equal(folder.At("masks", "train", "im0.PNG"), DatasetReader.Open(yaml, "train").Items[0].LabelPath);
        Assert.Empty(DatasetCheck.Run(yaml).Findings);
    }

    [Fact]
    public void Open_ListOfFileNames_IsRead()
    {
        AddVoc();
        folder.WriteText("a.jpg\nb.jpg\n", "ImageSets", "Segmentation", "train.txt");
        Assert.Equal(["a", "b"], DatasetReader.Open(folder.Root, "train").Items.Select(item => item.Name));
    }

    [Theory]
    [InlineData("JPEGImages/a.jpg", "JPEGImages/a.tif", "whose image '{0}' is not read: images are JPEG")]
    [InlineData("SegmentationClass/a.png", "SegmentationClass/a.npy", "whose mask '{0}' is not read: masks are PNG files")]
    public void Open_ListedFileOfAnotherFormat_IsNamedInPlaceOfOneThatIsNotThere(string from, string to, string reason)
    {
        AddVoc();
        string other = folder.At(to.Split('/'));
        File.Move(folder.At(from.Split('/')), other);
        var failure = Assert.Throws<DataException>(() => DatasetReader.Open(folder.Root, "train"));
        Assert.Equal(other, failure.Path);
        Assert.Contains(string.Format(null, reason, other), failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_MaskThatEndsOtherwise_IsNamedInPlaceOfOneThatIsNotThere()
    {
        folder.AddPairs("images/{0}", "masks/{0}", mask: "im{0}.bmp");
        string yaml = folder.WriteText("train: images/train\nval: images/val\nnames: [a, b, c]\n", "data.yaml");
        var failure = Assert.Throws<DataException>(() => DatasetReader.Open(yaml, "train"));
        Assert.Equal(folder.At("masks", "train", "im0.bmp"), failure.Path);
        Assert.Contains("has no mask whose name ends in '.png'", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_VocWithHiddenFiles_PassesThemOver()
    {
        AddVoc();
        foreach (string path in new[]
            { "ImageSets/Segmentation/._train.txt", "JPEGImages/._a.jpg",
            "SegmentationClass/._a.png", "._classes.txt", "JPEGImages/.DS_Store" })
        {
            folder.Write(AppleDouble, path.Split('/'));
        }

        Assert.Empty(DatasetCheck.Run(folder.Root).Findings);
        using var target = new TestFolder();
        ConversionReport report = DatasetConverter.Open(folder.Root, Path.Combine(target.Root, "voc"), new ConversionOptions()).Run();
        Assert.Equal(["train", "trainval", "val"], report.Splits.Select(split => split.Split));
    }

    [Fact]
    public void Open_FoldersWithHiddenFiles_PassThemOver()
    {
        folder.AddPairs("images/{0}", "masks/{0}");
        string yaml = folder.WriteText("train: images/train\nval: images/val\nnames: [a, b, c]\n", "data.yaml");
        folder.Write(AppleDouble, "images", "train", "._im0.jpg");
        folder.Write(AppleDouble, "masks", "train", "._im0.png");
        folder.AddPhoto("images/train/.ipynb_checkpoints/im0-checkpoint.jpg");
        Assert.Equal(3, DatasetReader.Open(yaml, "train").Items.Count);
        Assert.Empty(DatasetCheck.Run(yaml).Findings);
    }

    [Fact]
    public void Open_CityscapesWithHiddenFiles_PassesThemOver()
    {
        folder.AddCityscapes();
        folder.Write(AppleDouble, "leftImg8bit", "._train", "x");
        folder.Write(AppleDouble, "leftImg8bit", "train", "aachen", "._aachen_0_0_leftImg8bit.png");
        folder.Write(AppleDouble, "gtFine", "train", "aachen", "._aachen_0_0_gtFine_labelIds.png");
        Assert.Equal(2, DatasetReader.Open(folder.Root, "train").Items.Count);
        Assert.Empty(DatasetCheck.Run(folder.Root).Findings);
    }

    [Fact]
    public void Open_DataSetInAHiddenFolder_IsRead()
    {
        folder.AddPairs(".sets/images/{0}", ".sets/masks/{0}");
        string yaml = folder.WriteText("train: images/train\nval: images/val\nnames: [a, b, c]\n", ".sets", "data.yaml");
        Assert.Equal(3, DatasetReader.Open(yaml, "train").Items.Count);
    }

    [Fact]
    public void Open_ImagesOfOtherFormats_AreCountedInOneNote()
    {
        folder.AddPairs("images/{0}", "masks/{0}");
        string yaml = folder.WriteText("train: images/train\nval: images/val\nnames: [a, b, c]\n", "data.yaml");
        string[] others = [.. new[] { "x.TIF", "y.tif", "z.heic" }.Select(name => folder.WriteText("no image", "images", "train", name))];
        folder.WriteText("no image", "images", "train", "notes.txt");
        SegmentationDataset data = DatasetReader.Open(yaml, "train");
        string note =
            $"3 images are passed over in '{folder.At("images", "train")}' (.heic 1, .tif 2): images are {ImageFormats.Description} files.";
        Assert.Equal([note], data.Notes);
        Assert.Equal(others, data.PassedOver);
        Assert.Empty(DatasetReader.Open(yaml, "val").Notes);
        Assert.Equal([note], DatasetCheck.Run(yaml).Notes);
        Assert.Equal([note], DatasetConverter.Open(yaml, folder.At("voc"), new ConversionOptions()).Notes);
    }

    [Fact]
    public void OpenClassification_ImagesOfOtherFormats_AreCountedInOneNote()
    {
        using TestFolder classes = ClassFolders.Create();
        string other = classes.WriteText("no image", "train", "n01", "x.tiff");
        ClassificationDataset data = DatasetReader.OpenClassification(classes.Root, "train");
        Assert.Equal([other], data.PassedOver);
        Assert.Contains("1 image is passed over", Assert.Single(data.Notes), StringComparison.Ordinal);
        Assert.Equal(data.Notes, DatasetCheck.Run(classes.Root).Notes);
    }

    [Fact]
    public void Open_SplitWithoutList_NamesTheListsThatAreThere()
    {
        AddVoc();
        string said = Assert.Throws<DataException>(() => DatasetReader.Open(folder.Root, "default")).Message;
        Assert.Contains("default.txt', only lists of train, trainval, val.", said, StringComparison.Ordinal);
    }

    private void AddVoc()
    {
        folder.AddVocLike(path => folder.AddMask(path));
        folder.WriteText("x\ny\nz\n", "classes.txt");
    }
}
