using Sunet.Data.Conversion;
using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Checking;
using Sunet.Data.Datasets.Labels;
using Sunet.Data.Datasets.Reading;
using static Sunet.Data.Tests.Datasets.Coco.CocoTree;

namespace Sunet.Data.Tests.Datasets.Coco;

public sealed class CocoClassesTests : IDisposable
{
    private const string Left = "[[0,0,3,0,3,6,0,6]]", Right = "[[3,0,6,0,6,6,3,6]]";

    private readonly CocoTree tree = new();

    public void Dispose() => tree.Dispose();

    [Fact]
    public void Open_OwnCategories_AreTheClassesInOrderOfId()
    {
        WriteOwn("""[{"id":5,"name":"crack"},{"id":0,"name":"pothole"},{"id":1,"name":"car"}]""", (0, Left), (5, Right));
        SegmentationDataset dataset = DatasetReader.Open(tree.Root, "train");
        Assert.Equal(["background", "pothole", "car", "crack"], dataset.ClassNames);
        Assert.Equal([1, 1, 1, 3, 3, 3, 0, 0], Row(dataset));
        string note = Assert.Single(dataset.Notes);
        Assert.Equal($"'{tree.Root}' has no classes.txt: its classes are 'background' and the categories of its annotations, in order of "
            + "id: 'pothole', 'car', 'crack'.", note);
    }

    [Theory]
    [InlineData("""[{"id":1,"name":"person"},{"id":2,"name":"couch"}]""")]
    [InlineData("""[{"id":1,"name":"person"},{"id":2,"name":"helmet"}]""")]
    public void Open_SomeNamesOfVoc_AreClassesOfTheirOwn(string categories)
    {
        WriteOwn(categories, (1, Left), (2, Right));
        SegmentationDataset dataset = DatasetReader.Open(tree.Root, "train");
        Assert.Equal(3, dataset.ClassCount);
        Assert.Equal([1, 1, 1, 2, 2, 2, 0, 0], Row(dataset));
    }

    [Fact]
    public void Open_CategoriesOfMsCoco_AreTheClassesOfVocWithoutANote()
    {
        SegmentationDataset dataset = DatasetReader.Open(tree.Root, "val");
        Assert.Equal(VocClasses.Names, dataset.ClassNames);
        Assert.Empty(dataset.Notes);
    }

    [Fact]
    public void Open_SplitsOfDifferentCategories_HaveTheClassesOfBoth()
    {
        tree.Write("train", ImageList(1), Annotation(1, 1, 2, Left), """[{"id":2,"name":"dog"}]""");
        tree.Write("val", ImageList(3), Annotation(1, 3, 1, Left), """[{"id":1,"name":"cat"},{"id":2,"name":"dog "}]""");
        foreach ((string split, int label) in new[] { ("train", 1), ("val", 2) })
        {
            SegmentationDataset dataset = DatasetReader.Open(tree.Root, split);
            Assert.Equal(["background", "dog", "cat"], dataset.ClassNames);
            Assert.Equal(label, Row(dataset)[0]);
        }
    }

    [Theory]
    [InlineData("train", "val")]
    [InlineData("val", "train")]
    public void Open_OwnCategoriesBesideMsCocos_IsRefused(string own, string published)
    {
        tree.Write(own, ImageList(1), Annotation(1, 1, 1, Left), """[{"id":1,"name":"cat"}]""");
        var failure = Assert.Throws<DataException>(() => DatasetReader.Open(tree.Root, own));
        Assert.Equal(tree.At("annotations", $"instances_{published}2017.json"), failure.Path);
        Assert.Contains("has the categories of MS-COCO, and another split of", failure.Message, StringComparison.Ordinal);
        Assert.Contains(DatasetCheck.Run(tree.Root).Findings, finding => finding.Problem == failure.Message);
    }

    [Theory]
    [InlineData("background")]
    [InlineData("_background_")]
    [InlineData(" Background")]
    public void Open_CategoryNamedBackground_IsClass0(string name)
    {
        WriteOwn($$"""[{"id":0,"name":"{{name}}"},{"id":1,"name":"cat"}]""", (1, Left), (0, Right));
        SegmentationDataset dataset = DatasetReader.Open(tree.Root, "train");
        Assert.Equal(["background", "cat"], dataset.ClassNames);
        Assert.Equal([1, 1, 1, 0, 0, 0, 0, 0], Row(dataset));
    }

    [Fact]
    public void Open_GroupThatNoObjectHas_IsNoClass()
    {
        WriteOwn(
            """[{"id":0,"name":"pets","supercategory":"none"},{"id":1,"name":"cat","supercategory":"pets"},{"id":2,"name":"dog"}]""",
            (1, Left), (2, Right));
        Assert.Equal(["background", "cat", "dog"], DatasetReader.Open(tree.Root, "train").ClassNames);
        WriteOwn(
            """[{"id":0,"name":"pets","supercategory":null},{"id":1,"name":"cat","supercategory":"pets"}]""", (1, Left), (0, Right));
        Assert.Equal(["background", "pets", "cat"], DatasetReader.Open(tree.Root, "train").ClassNames);
    }

    [Theory]
    [InlineData("""[{"id":1,"name":"background"}]""", "no category besides background")]
    [InlineData("""[]""", "no category besides background")]
    [InlineData("""[{"id":1,"name":" "}]""", "has no name for class 1")]
    [InlineData("""[{"id":1,"name":"cat\ndog"}]""", "control characters in the name of class 1")]
    public void Open_CategoriesThatAreNoClasses_IsRefused(string categories, string problem)
    {
        WriteOwn(categories);
        var failure = Assert.Throws<DataException>(() => DatasetReader.Open(tree.Root, "train"));
        Assert.Equal(tree.TrainFile, failure.Path);
        Assert.Contains(problem, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_MoreCategoriesThanLabels_IsRefused()
    {
        WriteOwn("[" + string.Join(',', Enumerable.Range(1, 255).Select(i => $$"""{"id":{{i}},"name":"c{{i}}"}""")) + "]");
        var failure = Assert.Throws<DataException>(() => DatasetReader.Open(tree.Root, "train"));
        Assert.Contains("names 256 classes; a data set has 1 to 255", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Cat", true)]
    [InlineData(" cat\t", false)]
    public void Open_NameThatDiffersInCaseOrBlanks_IsTheClass(string category, bool isNoted)
    {
        string name = category.Replace("\t", "\\t", StringComparison.Ordinal);
        WriteOwn($$"""[{"id":1,"name":"{{name}}"},{"id":2,"name":"dog"}]""", (1, Left), (2, Right));
        WriteClasses("background", "cat ", "dog");
        SegmentationDataset dataset = DatasetReader.Open(tree.Root, "train");
        Assert.Equal([1, 1, 1, 2, 2, 2, 0, 0], Row(dataset));
        Assert.Equal(isNoted ? [$"The category 'Cat' of '{tree.TrainFile}' is taken for the class 'cat'."] : [], dataset.Notes);
    }

    [Fact]
    public void Open_TwoNamesThatDifferInCase_AreNotGuessedAt()
    {
        WriteOwn("""[{"id":1,"name":"Cat"},{"id":2,"name":"cat"}]""", (1, Left), (2, Right));
        WriteClasses("background", "cat");
        SegmentationDataset dataset = DatasetReader.Open(tree.Root, "train");
        Assert.Equal([0, 0, 0, 1, 1, 1, 0, 0], Row(dataset));
        Assert.Equal($"'{tree.At("classes.txt")}' does not name all categories of '{tree.TrainFile}': objects (1) are background where "
            + "they are of 'Cat'.", Assert.Single(dataset.Notes));
    }

    [Fact]
    public void Open_ClassThatNoCategoryHas_IsANoteAndAFinding()
    {
        WriteOwn("""[{"id":1,"name":"kat"},{"id":2,"name":"dog"}]""", (1, Left), (2, Right));
        WriteClasses("background", "cat", "dog");
        string expected = $"No category of '{tree.TrainFile}' is named 'cat', as '{tree.At("classes.txt")}' has it; its categories are "
            + "'kat', 'dog'.";
        Assert.Contains(expected, DatasetReader.Open(tree.Root, "train").Notes);
        DatasetReport report = DatasetCheck.Run(tree.Root);
        Assert.Contains(new DatasetFinding(tree.At("classes.txt"), expected), report.Findings);
        Assert.DoesNotContain(expected, report.Notes);
    }

    [Theory]
    [InlineData("cat")]
    [InlineData("Cat")]
    public void Open_ClassesWithoutBackground_AreRefused(string first)
    {
        WriteOwn("""[{"id":1,"name":"cat"},{"id":2,"name":"dog"}]""", (1, Left), (2, Right));
        WriteClasses(first, "dog");
        var failure = Assert.Throws<DataException>(() => DatasetReader.Open(tree.Root, "train"));
        Assert.Equal($"'{tree.At("classes.txt")}' begins with '{first}', a category that has objects in '{tree.TrainFile}' (1), but the "
            + "first class is the background: put the line 'background' before it.", failure.Message);
    }

    [Fact]
    public void Open_FirstClassOfNoObjects_IsBackground()
    {
        WriteOwn("""[{"id":0,"name":"pets"},{"id":1,"name":"cat"}]""", (1, Left));
        WriteClasses("pets", "cat");
        Assert.Equal([1, 1, 1, 0, 0, 0, 0, 0], Row(DatasetReader.Open(tree.Root, "train")));
    }

    [Fact]
    public void Open_OwnClasses_LeaveOutNoImage()
    {
        const string Categories = """[{"id":1,"name":"cat"}]""";
        File.Delete(tree.At("annotations", "instances_val2017.json"));
        foreach (bool isListed in new[] { false, true })
        {
            tree.Write("train", ImageList(1, 2), Annotation(1, 1, 1, Left, area: 0.16), Categories);
            if (isListed)
                WriteClasses("background", "cat");
            Assert.Equal(2, DatasetReader.Open(tree.Root, "train").Items.Count);
        }
    }

    [Fact]
    public void Open_ImagesLeftOutByTheRecipe_AreCounted()
    {
        tree.Write("train", ImageList(1, 2), $"{Annotation(1, 1, 1, Left, 900)},{Annotation(2, 2, 1, Left, 1800)}");
        string expected = $"1 of the 2 images of '{tree.TrainFile}' are left out, as the recipe for pre-training on MS-COCO has it: their "
            + "objects have 1000 pixels or less.";
        Assert.Equal(expected, Assert.Single(DatasetReader.Open(tree.Root, "train").Notes));
        DatasetReport report = DatasetCheck.Run(tree.Root);
        Assert.Empty(report.Findings);
        Assert.Contains(expected, report.Notes);
        Assert.Contains(expected, DatasetConverter.Open(tree.Root, tree.At("voc"), new ConversionOptions()).Notes);
    }

    private static int[] Row(SegmentationDataset dataset)
    {
        byte[,] labels = dataset.Load(dataset.Items[0]).Labels.ToArray();
        return [.. Enumerable.Range(0, 8).Select(x => (int)labels[2, x])];
    }

    // One image, with an object for each (category, outline).
    private void WriteOwn(string categories, params (int Category, string Outline)[] objects)
    {
        File.Delete(tree.At("annotations", "instances_val2017.json"));
        string annotations = string.Join(',', objects.Select((o, i) => Annotation(i + 1, 1, o.Category, o.Outline)));
        tree.Write("train", ImageList(1), annotations, categories);
    }

    private void WriteClasses(params string[] names) => File.WriteAllLines(tree.At("classes.txt"), names);
}
