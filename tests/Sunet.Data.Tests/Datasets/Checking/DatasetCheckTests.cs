using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Checking;
using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Tests.Datasets.Checking;

public sealed class DatasetCheckTests : IDisposable
{
    private readonly TestFolder folder = TestFolder.WithVoc();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Run_CleanTree_FindsNothingAndCountsPixels()
    {
        DatasetReport report = DatasetCheck.Run(folder.Root);
        Assert.Empty(report.Findings);
        Assert.Equal(3, report.ImageCount);
        Assert.Equal([27L, 36L], report.ClassPixels);
        Assert.Equal(9, report.IgnoredPixels);
    }

    [Fact]
    public void Run_MaskMissing_IsFound()
    {
        File.Delete(folder.At("SegmentationClass", "a.png"));
        AssertFinds("SegmentationClass/a.png", "its mask");
    }

    [Fact]
    public void Run_MaskWithoutImage_IsFound()
    {
        IndexPngWriter.Write(folder.At("SegmentationClass", "stray.png"), new byte[2, 2]);
        AssertFinds("SegmentationClass/stray.png", "has no image");
    }

    [Fact]
    public void Run_SizeMismatch_IsFound()
    {
        IndexPngWriter.Write(folder.At("SegmentationClass", "a.png"), new byte[6, 4]);
        AssertFinds("SegmentationClass/a.png", "is 4 x 6 but");
    }

    [Fact]
    public void Run_LabelOutOfRange_IsFound()
    {
        var labels = new byte[4, 6];
        labels[0, 1] = 9;
        IndexPngWriter.Write(folder.At("SegmentationClass", "c.png"), labels);
        AssertFinds("SegmentationClass/c.png", "label 9 at column 1, row 0");
    }

    [Fact]
    public void Run_ImageCorrupt_IsFound()
    {
        string path = folder.At("JPEGImages", "b.jpg");
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..^3]);
        AssertFinds("JPEGImages/b.jpg", "truncated");
    }

    [Fact]
    public void Run_MaskCorrupt_IsFound()
    {
        folder.WriteText("no png", "SegmentationClass", "b.png");
        AssertFinds("SegmentationClass/b.png", "not a PNG");
    }

    [Fact]
    public void Run_PngNamedJpg_IsFound()
    {
        ImageWriter.WritePng(folder.At("JPEGImages", "a.jpg"), new Rgb[4, 6]);
        AssertFinds("JPEGImages/a.jpg", "holds a PNG image");
    }

    [Fact]
    public void Run_DuplicateName_IsFound()
    {
        folder.WriteText("a\nb\na\n", "ImageSets", "Segmentation", "train.txt");
        AssertFinds("ImageSets/Segmentation/train.txt", "'a' 2 times");
    }

    [Fact]
    public void Run_EmptySplit_IsFound()
    {
        folder.WriteText("", "ImageSets", "Segmentation", "val.txt");
        AssertFinds("ImageSets/Segmentation/val.txt", "is empty");
    }

    [Fact]
    public void Run_NoSplit_IsFound()
    {
        File.Delete(folder.At("ImageSets", "Segmentation", "train.txt"));
        File.Delete(folder.At("ImageSets", "Segmentation", "val.txt"));
        AssertFinds("", "has no split");
    }

    [Fact]
    public void Run_FolderLinkedIntoItself_IsFound()
    {
        Directory.CreateSymbolicLink(folder.At("JPEGImages", "loop"), folder.Root);
        AssertFinds("JPEGImages/loop", "a folder that contains it");
    }

    [Fact]
    public void Run_FileLinkedToItself_IsFound()
    {
        string path = folder.At("SegmentationClass", "loop.png");
        File.CreateSymbolicLink(path, path);
        AssertFinds("SegmentationClass/loop.png", "leads back to itself");
    }

    [Fact]
    public void Run_TwoFoldersLinkedToEachOther_Ends()
    {
        string one = folder.At("JPEGImages", "one", "to-two"), two = folder.At("JPEGImages", "two", "to-one");
        Directory.CreateSymbolicLink(one, Path.GetDirectoryName(two)!);
        Directory.CreateSymbolicLink(two, Path.GetDirectoryName(one)!);
        Assert.NotEmpty(DatasetCheck.Run(folder.Root).Findings);
    }

    [Fact]
    public void Run_BadClassesFileOrPath_IsAFinding()
    {
        folder.WriteText("ground\n\nthing\n", "classes.txt");
        AssertFinds("classes.txt", "no name for class 1");
        Assert.Single(DatasetCheck.Run(folder.At("nowhere")).Findings);
    }

    [Fact]
    public void Run_SeveralDefects_FindsThemAll()
    {
        File.Delete(folder.At("SegmentationClass", "a.png"));
        ImageWriter.WritePng(folder.At("JPEGImages", "b.jpg"), new Rgb[4, 5]);
        folder.WriteText("c\nc\nmissing\n", "ImageSets", "Segmentation", "val.txt");
        Assert.Equal(6, DatasetCheck.Run(folder.Root).Findings.Count);
    }

    private void AssertFinds(string path, string problem)
    {
        DatasetFinding finding = Assert.Single(DatasetCheck.Run(folder.Root).Findings);
        Assert.Equal(Path.TrimEndingDirectorySeparator(Path.Combine(folder.Root, path)), finding.Path);
        Assert.Contains(problem, finding.Problem, StringComparison.Ordinal);
    }
}
