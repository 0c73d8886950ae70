using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Checking;
using Sunet.Data.Images;
using Sunet.Native.Tensors;
using static Sunet.Data.Tests.Datasets.Coco.CocoTree;

namespace Sunet.Data.Tests.Datasets.Coco;

public sealed class CocoCheckTests : IDisposable
{
    private readonly CocoTree tree = new();

    public void Dispose() => tree.Dispose();

    [Fact]
    public void Run_CleanTree_FindsNothingAndCountsPixels()
    {
        DatasetReport report = DatasetCheck.Run(tree.Root);
        Assert.Empty(report.Findings);
        Assert.Equal(3, report.ImageCount);
        Assert.Equal(36, report.ClassPixels[0]);
        Assert.Equal(54, report.ClassPixels[15]);
        Assert.Equal(54, report.ClassPixels[18]);
    }

    [Fact]
    public void Run_ImageMissing_IsFound()
    {
        File.Delete(tree.At("train2017", "000000000002.png"));
        AssertFinds("train2017/000000000002.png", "lists image 2, but");
    }

    [Fact]
    public void Run_ImageFolderMissing_IsFound()
    {
        Directory.Delete(tree.At("train2017"), recursive: true);
        AssertFinds("train2017", "images/train2017'");
    }

    [Fact]
    public void Run_ImageOutsideTheFolder_IsFound()
    {
        tree.Write("train", ImageList(1).Replace("\"0", "\"../0", StringComparison.Ordinal), Objects(1));
        AssertFinds(TrainFile, "lists image 1 as '../000000000001.png', which lies outside");
    }

    [Fact]
    public void Run_SizeDiffersFromTheFile_IsFound()
    {
        ImageWriter.WritePng(tree.At("train2017", "000000000001.png"), new Rgb[8, 6]);
        AssertFinds(TrainFile, "Image 1 of '");
        AssertFinds(TrainFile, "is 8 x 6 but its image");
    }

    [Theory]
    [InlineData(5, 1, "annotation 77 of image 5,")]
    [InlineData(1, 4, "annotation 77 of category 4,")]
    public void Run_AnnotationOfNothing_IsFound(int image, int category, string problem)
    {
        tree.WriteTrain(Objects(1), Annotation(77, image, category, "[[0,0,3,0,3,6,0,6]]"));
        AssertFinds(TrainFile, problem);
    }

    [Theory]
    [InlineData("""{"counts":[18,18,11],"size":[6,8]}""", "add up to 47 pixels, but its image has 48")]
    [InlineData("""{"counts":[18,18,13],"size":[6,8]}""", "a run of 13 pixels at pixel 36 leaves its image of 48")]
    [InlineData("""{"counts":[18,-1,31],"size":[6,8]}""", "a run of -1 pixels")]
    [InlineData("""{"counts":[18,9223372036854775807,1],"size":[6,8]}""", "leaves its image")]
    [InlineData("""{"counts":[18,18,1.5],"size":[6,8]}""", "other than whole numbers")]
    [InlineData("""{"counts":[18,18,12],"size":[8,6]}""", "for 6 x 8 pixels, but its image is 8 x 6")]
    [InlineData("""{"counts":[18,18,12],"size":[6]}""", "other than whole numbers")]
    [InlineData("""{"counts":[18,18,12]}""", "lack 'counts' or 'size'")]
    [InlineData("""{"counts":"b0","size":[6,8]}""", "add up to 18 pixels")]
    [InlineData("""{"counts":"b0b","size":[6,8]}""", "broken at character 3")]
    [InlineData("""{"counts":"b0 ","size":[6,8]}""", "broken at character 3")]
    [InlineData("""{"counts":"oooooooooo0","size":[6,8]}""", "broken at character 8")]
    [InlineData("""{"counts":"N","size":[6,8]}""", "a run of -2 pixels")]
    [InlineData("""{"counts":null,"size":[6,8]}""", "neither numbers nor a text")]
    [InlineData("""{"counts":[48],"counts":[48],"size":[6,8]}""", "'counts' twice")]
    [InlineData("[[0,0,3,0,3,6,0]]", "odd number of coordinates")]
    [InlineData("""[[0,0,3,0,3,"6"]]""", "other than numbers")]
    [InlineData("[[0,0,3,0,3,1e999]]", "has the coordinate")]
    [InlineData("[[0,0,3,0,3,-1e9]]", "has the coordinate -1000000000")]
    [InlineData("[[0,0,3,0,3,6,0,6],7]", "other than polygons")]
    [InlineData("null", "neither polygons nor run lengths")]
    public void Run_BrokenOutline_IsFound(string segmentation, string problem)
    {
        tree.WriteTrain(Objects(1), Annotation(77, 1, 1, segmentation));
        AssertFinds(TrainFile, "broken annotation 77 of image 1: ");
        AssertFinds(TrainFile, problem);
    }

    [Fact]
    public void Run_NumbersTwice_AreFound()
    {
        tree.WriteTrain(Objects(1), Annotation(11, 1, 90, "[]"));
        AssertFinds(TrainFile, "has annotation 11 twice");
        tree.Write("train", $"{ImageList(1)},{ImageList(1).Replace("01.png", "02.png", StringComparison.Ordinal)}", Objects(1));
        AssertFinds(TrainFile, "has image 1 twice");
        tree.Write("train", ImageList(1), Objects(1), Categories.Replace("90", "7", StringComparison.Ordinal));
        AssertFinds(TrainFile, "has category 7 twice");
    }

    [Fact]
    public void Run_SameFileForTwoImages_IsFound()
    {
        string same = ImageList(2).Replace("02.png", "01.png", StringComparison.Ordinal);
        tree.Write("train", $"{ImageList(1)},{same}", $"{Objects(1)},{Objects(2)}");
        AssertFinds(TrainFile, "'000000000001' 2 times");
    }

    [Fact]
    public void Run_NoCategoryOfTheClasses_IsFound()
    {
        File.WriteAllText(tree.At("classes.txt"), "background\nperson\ncouch\n");
        tree.Write("train", ImageList(1), Objects(1), """[{"id":1,"name":"coin"}]""");
        AssertFinds(TrainFile, "None of the 1 categories");
        AssertFinds(TrainFile, "is a class of the data set ('person', 'couch'); they are 'coin'.");
    }

    [Fact]
    public void Run_ThousandsOfDefects_AreCountedAfterTheFirstThousand()
    {
        tree.WriteTrain([.. Enumerable.Range(1, 1500).Select(i => Annotation(i, 1, 4, "[]"))]);
        IReadOnlyList<DatasetFinding> findings = DatasetCheck.Run(tree.Root).Findings;
        Assert.Equal(1001, findings.Count);
        Assert.Single(findings, finding => finding.Problem.EndsWith("has 500 more such problems.", StringComparison.Ordinal));
    }

    private static string TrainFile => "annotations/instances_train2017.json";

    private void AssertFinds(string path, string problem)
    {
        DatasetFinding finding = Assert.Single(DatasetCheck.Run(tree.Root).Findings);
        Assert.Equal(tree.At(path), finding.Path);
        Assert.Contains(problem, finding.Problem, StringComparison.Ordinal);
    }
}
