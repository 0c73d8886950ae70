using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Checking;
using Sunet.Data.Datasets.Reading;

namespace Sunet.Data.Tests.Datasets.Labels;

/// <summary>Lists of classes that annotation tools write beside masks of indices.</summary>
public sealed class ClassListTests : IDisposable
{
    private const string Cvat = "# label:color_rgb:parts:actions\nbackground:0,0,0::\nroad:250,50,83::\nsky:51,80,255:a,b:c\n";

    private readonly TestFolder folder = new();

    public ClassListTests() => folder.AddVocLike(path => folder.AddMask(path));

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Open_NoListOfClasses_NotesThatVocNamesAreAssumed()
    {
        SegmentationDataset data = DatasetReader.Open(folder.Root, "train");
        string note =
            $"There is no classes.txt, labelmap.txt or class_names.txt in '{folder.Root}': the 21 class names of PASCAL VOC are assumed.";
        Assert.Equal([note], data.Notes);
        DatasetReport report = DatasetCheck.Run(folder.Root);
        Assert.Contains(note, report.Notes);
        Assert.Empty(report.Findings);
    }

    [Theory]
    [InlineData("labelmap.txt", Cvat)]
    [InlineData("labelmap.txt", "background\nroad\nsky\n")]
    [InlineData("labelmap.txt", "background:::\r\nroad:::\r\n\r\nsky:::\r\nignored:::\r\n")]
    [InlineData("class_names.txt", "background\nroad\nsky")]
    [InlineData("class_names.txt", "__ignore__\nbackground\nroad\nsky\n")]
    [InlineData("classes.txt", "background\nroad\nsky\n")]
    public void Open_ListOfClasses_NamesThem(string file, string text)
    {
        folder.WriteText(text, file);
        SegmentationDataset data = DatasetReader.Open(folder.Root, "train");
        Assert.Equal(["background", "road", "sky"], data.ClassNames);
        Assert.Empty(data.Notes);
        Assert.Equal(LayoutTrees.Stripes(0, 1, 2), data.Load(data.Items[0]).Labels.ToArray());
        Assert.Empty(DatasetCheck.Run(folder.Root).Findings);
    }

    [Fact]
    public void Load_IgnoredLabelAmongOthers_IsIgnoredAndTheNextOnesMoveUp()
    {
        folder.WriteText("void:0,0,0::\nroad:250,50,83::\nsky:51,80,255::\n", "labelmap.txt");
        SegmentationDataset data = DatasetReader.Open(folder.Root, "train");
        Assert.Equal(["road", "sky"], data.ClassNames);
        Assert.Equal(LayoutTrees.Stripes(255, 0, 1), data.Load(data.Items[0]).Labels.ToArray());
    }

    [Fact]
    public void Open_LabelmeNames_StayAsTheyAre()
    {
        folder.WriteText("__ignore__\n_background_\nroad\nsky\n", "class_names.txt");
        Assert.Equal(["_background_", "road", "sky"], DatasetReader.Open(folder.Root, "val").ClassNames);
    }

    [Theory]
    [InlineData(Cvat)]
    [InlineData("item {\n  id: 1\n}\n")]
    public void Open_ClassesBesideLabelmap_AreThoseOfClassesTxt(string labelmap)
    {
        folder.WriteText("x\ny\nz\n", "classes.txt");
        folder.WriteText(labelmap, "labelmap.txt");
        Assert.Equal(["x", "y", "z"], DatasetReader.Open(folder.Root, "train").ClassNames);
    }

    [Theory]
    [InlineData("road:1,2\n", "'road:1,2', which should be a name and a colour")]
    [InlineData("road:1,2,256::\n", "'road:1,2,256::', which should be a name and a colour")]
    [InlineData("road\nroad\n", "names the class 'road' twice")]
    [InlineData("# nothing\n", "names 0 classes")]
    [InlineData("ignored:0,0,0::\n", "names 0 classes")]
    public void Open_BadLabelmap_NamesItAndWhatIsWrong(string text, string reason)
    {
        string file = folder.WriteText(text, "labelmap.txt");
        var failure = Assert.Throws<DataException>(() => DatasetReader.Open(folder.Root, "train"));
        Assert.Equal(file, failure.Path);
        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_LabelBeyondAMapWithIgnored_NamesFileAndPlace()
    {
        folder.WriteText("void:::\nroad:::\n", "labelmap.txt");
        SegmentationDataset data = DatasetReader.Open(folder.Root, "train");
        string said = Assert.Throws<DataException>(() => data.Load(data.Items[0])).Message;
        Assert.Contains("a.png' has label 2 at column 8, row 0", said, StringComparison.Ordinal);
    }
}
