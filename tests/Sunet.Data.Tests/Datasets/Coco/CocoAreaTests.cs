using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Checking;
using Sunet.Data.Datasets.Reading;
using static Sunet.Data.Tests.Datasets.Coco.CocoTree;

namespace Sunet.Data.Tests.Datasets.Coco;

/// <summary>Objects whose outline describes no area.</summary>
public sealed class CocoAreaTests : IDisposable
{
    private const string Sound = "[[0,0,3,0,3,6,0,6]]";

    private readonly CocoTree tree = new();

    public CocoAreaTests() => tree.MakeOwn();

    public void Dispose() => tree.Dispose();

    [Theory]
    [InlineData("[]", "its segmentation is empty")]
    [InlineData("[[]]", "its segmentation is empty")]
    [InlineData("[[],[]]", "its segmentation is empty")]
    [InlineData("[[0,0],[3,0],[3,6],[0,6]]", "points in place of polygons")]
    [InlineData("[[3,4]]", "points in place of polygons")]
    [InlineData("[[1,1,5,4]]", "four numbers, which make a box and no polygon")]
    [InlineData("[1,1,5,4]", "four numbers, which make a box and no polygon")]
    [InlineData("[[1,1,5,4],[2,2]]", "four numbers, which make a box and no polygon")]
    [InlineData("[[0.1,0.1,0.9,0.1,0.9,1.0,0.1,1.0]]", "shares from 0 to 1 in place of pixels")]
    [InlineData("[0,0,1e0,0,1,1]", "shares from 0 to 1 in place of pixels")]
    [InlineData("[[80,10,90,10,90,40]]", "lies outside the image of 8 x 6 pixels")]
    [InlineData("[[1,-9,5,-9,5,-1]]", "lies outside the image of 8 x 6 pixels")]
    public void Run_OutlineWithoutArea_IsFoundWithItsNumbersAndACount(string segmentation, string problem)
    {
        WriteObjects(Annotation(4, 1, 1, Sound), Annotation(77, 1, 7, segmentation), Annotation(78, 1, 7, Sound));
        DatasetReport report = DatasetCheck.Run(tree.Root);
        string[] found = [.. report.Findings.Select(finding => finding.Problem).Where(p => p.Contains("cover", StringComparison.Ordinal))];
        Assert.Equal(2, found.Length);
        Assert.StartsWith($"1 of the 3 objects of '{tree.TrainFile}' cover no pixel, such as annotation 77 of image 1: ", found[0]);
        Assert.StartsWith($"'{tree.TrainFile}' has annotation 77 of image 1 that covers no pixel: ", found[1]);
        Assert.All(found, text => Assert.Contains(problem, text, StringComparison.Ordinal));
        Assert.Contains(found[0], DatasetReader.Open(tree.Root, "train").Notes);
        Assert.DoesNotContain(found[0], report.Notes);
    }

    [Theory]
    [InlineData("[[2.1,2.1,2.2,2.1,2.2,2.2]]")]
    [InlineData("[[0.2,0.2,1.2,0.2,1.2,1.2]]")]
    [InlineData("[[7.9,5.9,9,5.9,9,7]]")]
    [InlineData("[[1,1,2,2],[0,0,3,0,3,6]]")]
    [InlineData("""{"counts":[48],"size":[6,8]}""")]
    public void Run_SoundOutline_IsNoFindingWhateverItCovers(string segmentation)
    {
        WriteObjects(Annotation(4, 1, 1, Sound), Annotation(77, 1, 7, segmentation));
        DatasetReport report = DatasetCheck.Run(tree.Root);
        Assert.DoesNotContain(report.Findings, finding => finding.Problem.Contains("cover", StringComparison.Ordinal));
    }

    [Fact]
    public void Open_AllObjectsWithoutArea_IsRefused()
    {
        WriteObjects(Annotation(4, 1, 1, "[[1,1,5,4]]"), Annotation(5, 1, 7, "[]"));
        var failure = Assert.Throws<DataException>(() => DatasetReader.Open(tree.Root, "train"));
        Assert.StartsWith($"2 of the 2 objects of '{tree.TrainFile}' cover no pixel, such as annotation 4 of image 1", failure.Message);
    }

    [Fact]
    public void Run_CategoryThatIsNoClass_IsNotLookedAt()
    {
        File.WriteAllText(tree.At("classes.txt"), "background\nperson\n");
        WriteObjects(Annotation(4, 1, 1, Sound), Annotation(77, 1, 7, "[]"));
        Assert.Empty(DatasetCheck.Run(tree.Root).Findings);
    }

    [Fact]
    public void Run_ThousandsOfThem_AreCountedAfterTheFirstThousand()
    {
        WriteObjects([Annotation(1, 1, 1, Sound), .. Enumerable.Range(2, 1200).Select(i => Annotation(i, 1, 7, "[[1,2]]"))]);
        IReadOnlyList<DatasetFinding> findings = DatasetCheck.Run(tree.Root).Findings;
        Assert.Equal(1000, findings.Count(finding => finding.Problem.Contains(" that covers no pixel", StringComparison.Ordinal)));
        Assert.Contains(findings, finding => finding.Problem.StartsWith("1200 of the 1201 objects", StringComparison.Ordinal));
        Assert.Contains(findings, finding => finding.Problem.EndsWith("has 200 more such problems.", StringComparison.Ordinal));
    }

    private void WriteObjects(params string[] annotations) =>
        tree.Write("train", ImageList(1), string.Join(',', annotations), OwnCategories);
}
