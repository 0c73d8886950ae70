using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Checking;
using Sunet.Data.Datasets.Reading;
using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Tests.Datasets.Checking;

/// <summary>The check on data sets as they are published: nothing in clean ones, and each planted defect with its path.</summary>
public sealed class PublishedDefectTests : IDisposable
{
    private const string VocRoot = "VOCdevkit/VOC2012/";
    private const string SbdRoot = "benchmark_RELEASE/dataset/";

    private static readonly byte[] NotAnImage = [1, 2, 3, 4, 5, 6, 7, 8, 9];

    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("voc", 4)]
    [InlineData("voc+sbd", 6)]
    [InlineData("sbd", 4)]
    [InlineData("cityscapes", 4)]
    [InlineData("yaml", 4)]
    public void Run_CleanTree_FindsNothing(string layout, int images)
    {
        DatasetReport report = DatasetCheck.Run(folder.AddPublished(layout));
        Assert.Empty(report.Findings);
        Assert.Equal(images, report.ImageCount);
        Assert.NotEqual(0, report.ClassPixels.Sum());
    }

    [Theory]
    [InlineData("voc", VocRoot + "SegmentationClass/a.png", "its mask")]
    [InlineData("voc", VocRoot + "JPEGImages/t.jpg", "is not there")]
    [InlineData("sbd", SbdRoot + "cls/s1.mat", "its labels")]
    [InlineData("cityscapes", "gtFine/val/ulm/ulm_0_0_gtFine_labelIds.png", "has no mask")]
    [InlineData("yaml", "masks/train/x/y.png", "has no mask")]
    public void Run_FileMissing_IsFound(string layout, string path, string problem) => AssertFinds(layout, path, problem, File.Delete);

    [Fact]
    public void Run_LabelsOfTrainaugMissing_AreFound()
    {
        string data = folder.AddPublished("voc+sbd");
        File.Delete(folder.At((SbdRoot + "cls/s1.mat").Split('/')));
        DatasetFinding finding = Assert.Single(DatasetCheck.Run(data).Findings);
        Assert.Equal(folder.At((VocRoot + "SegmentationClass/s1.png").Split('/')), finding.Path);
    }

    [Theory]
    [InlineData("voc", VocRoot + "JPEGImages/t.jpg", "is no JPEG, PNG, BMP, WebP or GIF file")]
    [InlineData("voc", VocRoot + "SegmentationClass/c.png", "not a PNG")]
    [InlineData("sbd", SbdRoot + "cls/s2.mat", "truncated")]
    [InlineData("voc+sbd", SbdRoot + "cls/s2.mat", "truncated")]
    [InlineData("cityscapes", "gtFine/train/bonn/bonn_0_0_gtFine_labelIds.png", "not a PNG")]
    [InlineData("cityscapes", "leftImg8bit/test/bern/bern_0_0_leftImg8bit.png", "is no JPEG, PNG, BMP, WebP or GIF file")]
    [InlineData("yaml", "images/test/z.png", "is no JPEG, PNG, BMP, WebP or GIF file")]
    public void Run_FileCorrupt_IsFound(string layout, string path, string problem) =>
        AssertFinds(layout, path, problem, file => File.WriteAllBytes(file, NotAnImage));

    [Theory]
    [InlineData("sbd", SbdRoot + "cls/b.mat", "is 2 x 3 but")]
    [InlineData("cityscapes", "gtFine/val/ulm/ulm_0_0_gtFine_labelIds.png", "is 2 x 3 but")]
    [InlineData("yaml", "masks/val/x_y.png", "is 2 x 3 but")]
    public void Run_SizeMismatch_IsFound(string layout, string path, string problem) =>
        AssertFinds(layout, path, problem, file => WriteLabels(file, new byte[3, 2]));

    [Theory]
    [InlineData("sbd", SbdRoot + "cls/b.mat", "has label 77 at column 0, row 1")]
    [InlineData("cityscapes", "gtFine/val/ulm/ulm_0_0_gtFine_labelIds.png", "has label id 77 at column 0, row 1")]
    [InlineData("yaml", "masks/val/x_y.png", "has label 77 at column 0, row 1")]
    public void Run_LabelOutOfRange_IsFound(string layout, string path, string problem) =>
        AssertFinds(layout, path, problem, file => WriteLabels(file, new byte[,] { { 0, 0, 0 }, { 77, 0, 0 } }));

    [Theory]
    [InlineData("voc", VocRoot + "SegmentationClass/stray.png", "has no image")]
    [InlineData("sbd", SbdRoot + "cls/stray.mat", "has no image")]
    [InlineData("cityscapes", "gtFine/val/ulm/stray_gtFine_labelIds.png", "has no image")]
    [InlineData("yaml", "masks/val/stray.png", "has no image")]
    [InlineData("voc", VocRoot + "SegmentationClass/s1.png", "are in no split")]
    public void Run_LabelsOfNoImageOrSplit_AreFound(string layout, string path, string problem) =>
        AssertFinds(layout, path, problem, file => WriteLabels(file, PublishedTrees.Labels));

    [Theory]
    [InlineData("voc", VocRoot + "JPEGImages/photo", "holds a PNG image")]
    [InlineData("sbd", SbdRoot + "img/photo.jgp", "holds a PNG image")]
    [InlineData("cityscapes", "leftImg8bit/val/ulm/photo.png", "names of images end in '_leftImg8bit.png'")]
    public void Run_ImageOfAWrongName_IsFound(string layout, string path, string problem) =>
        AssertFinds(layout, path, problem, file => ImageWriter.WritePng(file, new Rgb[2, 3]));

    [Fact]
    public void Run_TwoImagesOfOneName_AreFound() =>
        AssertFinds("yaml", "images/val/x_y.png", "has the name of another image",
            file => ImageWriter.WriteJpeg(Path.ChangeExtension(file, ".jpg"), new Rgb[2, 3]));

    [Fact]
    public void Run_ImageOfAnotherFormat_IsFound() =>
        AssertFinds("yaml", "images/train/photo.tif",
            "images are JPEG, PNG, BMP, WebP or GIF files", file => File.WriteAllBytes(file, NotAnImage));

    [Theory]
    [InlineData("voc", VocRoot + "ImageSets/Segmentation/train.txt", "is empty")]
    [InlineData("sbd", SbdRoot + "val.txt", "is empty")]
    public void Run_EmptyList_IsFound(string layout, string path, string problem)
    {
        string data = folder.AddPublished(layout), file = folder.At(path.Split('/'));
        File.WriteAllText(file, "\n");
        Assert.Contains(DatasetCheck.Run(data).Findings, f => f.Path == file && f.Problem.Contains(problem, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("cityscapes", "leftImg8bit/train")]
    [InlineData("yaml", "images/val")]
    public void Run_EmptyFolder_IsFound(string layout, string path)
    {
        string data = folder.AddPublished(layout), images = folder.At(path.Split('/'));
        Directory.Delete(images, recursive: true);
        Directory.CreateDirectory(images);
        Assert.Contains(DatasetCheck.Run(data).Findings, f => f.Path == images && f.Problem.Contains("is empty", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("sbd", SbdRoot + "img/loop")]
    [InlineData("cityscapes", "leftImg8bit/val/ulm/loop")]
    [InlineData("yaml", "masks/train/loop")]
    public void Run_FolderLinkedIntoItself_IsFound(string layout, string path) =>
        AssertFinds(layout, path, "a folder that contains it", link => Directory.CreateSymbolicLink(link, folder.Root));

    [Theory]
    [InlineData("voc", VocRoot + "ImageSets/Segmentation/val.txt", "a\nc\n", "'val' that are in 'train' too, such as 'a'")]
    [InlineData("sbd", SbdRoot + "val.txt", "s1\ns2\n", "'val' that are in 'train' too, such as 's1'")]
    [InlineData("sbd", SbdRoot + "val.txt", "s2\ns2\n", "'s2' 2 times")]
    public void Run_ImageListedTwice_IsFound(string layout, string path, string list, string problem) =>
        AssertFinds(layout, path, problem, file => File.WriteAllText(file, list));

    [Theory]
    [InlineData("voc")]
    [InlineData("voc+sbd")]
    [InlineData("sbd")]
    [InlineData("cityscapes")]
    [InlineData("yaml")]
    public void Open_Cancelled_Stops(string layout)
    {
        string data = folder.AddPublished(layout);
        Assert.ThrowsAny<OperationCanceledException>(() => DatasetReader.Open(data, "train", new CancellationToken(canceled: true)));
    }

    private static void WriteLabels(string file, byte[,] labels)
    {
        if (file.EndsWith(".mat", StringComparison.Ordinal))
            File.WriteAllBytes(file, TestMat.Sbd(labels));
        else
            IndexPngWriter.Write(file, labels);
    }

    /// <summary>Plants one defect in a clean tree: it is found, and nothing else.</summary>
    private void AssertFinds(string layout, string path, string problem, Action<string> damage)
    {
        string data = folder.AddPublished(layout), file = folder.At(path.Split('/'));
        damage(file);
        DatasetFinding finding = Assert.Single(DatasetCheck.Run(data).Findings);
        Assert.Equal(file, finding.Path);
        Assert.Contains(problem, finding.Problem, StringComparison.Ordinal);
    }
}
