using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Checking;
using Sunet.Data.Datasets.Reading;
using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Tests.Datasets.Layouts;

public sealed class ClassificationDatasetTests : IDisposable
{
    private const string Mapping = "n01 crane, bird\nn02 crane, machine\n";

    private readonly TestFolder folder = ClassFolders.Create();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void OpenClassification_ClassFolders_NumbersThemInOrder()
    {
        ClassificationDataset data = DatasetReader.OpenClassification(folder.Root, "train");
        Assert.Equal(["n01", "n02"], data.ClassNames);
        Assert.Equal(
            [("n01/a", 0), ("n01/b", 0), ("n01/c", 0), ("n02/d", 1), ("n02/e", 1)], data.Items.Select(item => (item.Name, item.Label)));
        Assert.Equal(folder.At("train", "n02", "e.JPEG"), data.Items[4].ImagePath);
        Assert.Equal(2, DatasetReader.OpenClassification(folder.Root, "val").Items.Count);
    }

    [Fact]
    public void KindOf_EachLayout_IsTold()
    {
        Assert.Equal(DatasetKind.Classification, DatasetReader.KindOf(folder.Root));
        using TestFolder voc = TestFolder.WithVoc();
        Assert.Equal(DatasetKind.Segmentation, DatasetReader.KindOf(voc.Root));
        using var masks = new TestFolder();
        masks.At("train", "images", "a.jpg");
        masks.At("train", "masks", "a.png");
        Assert.Equal(DatasetKind.Segmentation, DatasetReader.KindOf(masks.Root));
        Assert.Contains("class an image", Assert.Throws<DataException>(() => DatasetReader.Open(folder.Root, "train")).Message,
            StringComparison.Ordinal);
        Assert.Throws<DataException>(() => DatasetReader.OpenClassification(voc.Root, "train"));
    }

    [Fact]
    public void OpenClassification_ClassesOfTheSplitsDiffer_ListsThem()
    {
        Directory.Move(folder.At("val", "n02"), folder.At("val", "n03"));
        var failure = Assert.Throws<DataException>(() => DatasetReader.OpenClassification(folder.Root, "val"));
        Assert.Contains("lacks: 'n03'. (1 more", failure.Message, StringComparison.Ordinal);
        AssertFinds("val", "has classes that", "lacks classes of");
    }

    [Theory]
    [InlineData("LOC_synset_mapping.txt", Mapping, "crane, bird", "crane, machine")]
    [InlineData("LOC_synset_mapping.txt", "n01 crane\nn02 crane\n", "crane (n01)", "crane (n02)")]
    [InlineData("classes.txt", "bird\nmachine\n", "bird", "machine")]
    public void OpenClassification_FileOfNames_MakesThemReadable(string file, string text, string first, string second)
    {
        folder.WriteText(text, file);
        Assert.Equal([first, second], DatasetReader.OpenClassification(folder.Root, "train").ClassNames);
    }

    [Theory]
    [InlineData("LOC_synset_mapping.txt", "n01\n")]
    [InlineData("classes.txt", "bird\n")]
    public void OpenClassification_FileOfNamesUnusable_NamesIt(string file, string text)
    {
        folder.WriteText(text, file);
        Assert.EndsWith(file, Assert.Throws<DataException>(() => DatasetReader.OpenClassification(folder.Root, "train")).Path,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("LOC_val_solution.csv", "ImageId,PredictionString\nf,n02 1 2 3 4 \ng,n01 5 6 7 8 n01 1 2 3 4 \n")]
    [InlineData("val.txt", "f.JPEG 1\ng.JPEG 0\n")]
    [InlineData("val.txt", "f.JPEG n02\ng.JPEG n01\n")]
    [InlineData("ILSVRC2012_validation_ground_truth.txt", "1\n2\n", "map_clsloc.txt", "n02 1 kit_fox\nn01 2 English_setter\n")]
    public void OpenClassification_FlatFolderWithAList_TakesClassesFromIt(
        string file, string text, string? otherFile = null, string? otherText = null)
    {
        MakeFlat();
        folder.WriteText(text, file);
        if (otherFile is not null)
            folder.WriteText(otherText!, otherFile);
        Assert.Equal(
            [("f", 1), ("g", 0)], DatasetReader.OpenClassification(folder.Root, "val").Items.Select(item => (item.Name, item.Label)));
        Assert.Empty(DatasetCheck.Run(folder.Root).Findings);
    }

    [Theory]
    [InlineData("LOC_val_solution.csv", "ImageId,PredictionString\nf,n02 1 2 3 4 \n", "has no label for")]
    [InlineData("val.txt", "f.JPEG 1\ng.JPEG 2\n", "the class '2', which is none of the 2")]
    [InlineData("val.txt", "f.JPEG 1\nf.JPEG 1\ng.JPEG 0\n", "has 'f.JPEG' twice")]
    [InlineData("val.txt", "f.JPEG\n", "it has 'f.JPEG'")]
    [InlineData("ILSVRC2012_validation_ground_truth.txt", "1\n2\n", "get that file of a later development kit")]
    [InlineData("notes.txt", "", "no list of labels is beside it")]
    public void OpenClassification_FlatFolderWithoutASoundList_SaysWhatIsWrong(string file, string text, string said)
    {
        MakeFlat();
        folder.WriteText(text, file);
        Assert.Contains(said, Assert.Throws<DataException>(() => DatasetReader.OpenClassification(folder.Root, "val")).Message,
            StringComparison.Ordinal);
        Assert.Contains(DatasetCheck.Run(folder.Root).Findings, finding => finding.Problem.Contains(said, StringComparison.Ordinal));
    }

    [Fact]
    public void OpenClassification_ArchiveOfKaggle_IsFound()
    {
        using var kaggle = new TestFolder();
        string inner = kaggle.At("ILSVRC", "Data", "CLS-LOC", "x");
        foreach (string split in new[] { "train", "val" })
            Directory.Move(folder.At(split, "x")[..^2], Path.Combine(Path.GetDirectoryName(inner)!, split));
        kaggle.WriteText(Mapping, "LOC_synset_mapping.txt");
        Directory.CreateDirectory(kaggle.At("ILSVRC", "Data", "CLS-LOC", "test", "x")[..^2]);
        ClassificationDataset data = DatasetReader.OpenClassification(kaggle.Root, "train");
        Assert.Equal((5, "crane, bird"), (data.Items.Count, data.ClassNames[0]));
        Assert.Empty(DatasetCheck.Run(kaggle.Root).Findings);
    }

    [Theory]
    [InlineData("test")]
    [InlineData("../train")]
    [InlineData("")]
    public void OpenClassification_SplitThatIsNotThere_IsDataException(string split) =>
        Assert.Throws<DataException>(() => DatasetReader.OpenClassification(folder.Root, split));

    [Fact]
    public void Check_CleanTree_FindsNothingAndCountsImages()
    {
        folder.WriteText("", "train", ".DS_Store");
        DatasetReport report = DatasetCheck.Run(folder.Root);
        Assert.Empty(report.Findings);
        Assert.Equal(7, report.ImageCount);
        Assert.Equal([4L, 3L], report.ClassImages);
    }

    [Fact]
    public void Check_ImageCorrupt_IsFound()
    {
        string path = folder.At("train", "n01", "b.JPEG");
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..^3]);
        AssertFinds("train/n01/b.JPEG", "truncated");
    }

    [Fact]
    public void Check_PngNamedJpeg_IsFoundAndStillOpens()
    {
        ImageWriter.WritePng(folder.At("train", "n01", "b.JPEG"), new Rgb[4, 6]);
        AssertFinds("train/n01/b.JPEG", "holds a PNG image");
        Assert.Equal(5, DatasetReader.OpenClassification(folder.Root, "train").Items.Count);
    }

    [Fact]
    public void Check_EmptyClass_IsFoundAndRefused()
    {
        File.Delete(folder.At("val", "n01", "f.JPEG"));
        AssertFinds("val/n01", "has no images");
        Assert.Throws<DataException>(() => DatasetReader.OpenClassification(folder.Root, "val"));
    }

    [Fact]
    public void Check_StrayFiles_AreFoundAndDoNotStop()
    {
        folder.WriteText("notes", "train", "n02", "notes.txt");
        AssertFinds("train/n02/notes.txt", "is no JPEG, PNG, BMP, WebP or GIF file by its name");
        File.Delete(folder.At("train", "n02", "notes.txt"));
        ImageWriter.WriteJpeg(folder.At("train", "lost.JPEG"), new Rgb[4, 6]);
        AssertFinds("train/lost.JPEG", "in no class's folder");
        Assert.Equal(5, DatasetReader.OpenClassification(folder.Root, "train").Items.Count);
    }

    [Fact]
    public void Check_FolderLinkedIntoItself_IsFound()
    {
        Directory.CreateSymbolicLink(folder.At("train", "n01", "loop"), folder.Root);
        AssertFinds("train/n01/loop", "a folder that contains it");
    }

    [Fact]
    public void Check_ImageLinkedToNothing_IsFound()
    {
        File.CreateSymbolicLink(folder.At("train", "n01", "gone.JPEG"), folder.At("nowhere.JPEG"));
        AssertFinds("train/n01/gone.JPEG", "a symbolic link to nothing");
    }

    private void MakeFlat()
    {
        foreach (string file in new[] { "n01/f", "n02/g" })
            File.Move(folder.At([.. ("val/" + file + ".JPEG").Split('/')]), folder.At("val", file[4..] + ".JPEG"));
        Directory.Delete(folder.At("val", "n01", "x")[..^2]);
        Directory.Delete(folder.At("val", "n02", "x")[..^2]);
    }

    private void AssertFinds(string path, params string[] problems)
    {
        IReadOnlyList<DatasetFinding> findings = DatasetCheck.Run(folder.Root).Findings;
        Assert.Equal(problems.Length, findings.Count);
        for (int i = 0; i < problems.Length; i++)
        {
            Assert.Equal(Path.Combine(folder.Root, path), findings[i].Path);
            Assert.Contains(problems[i], findings[i].Problem, StringComparison.Ordinal);
        }
    }
}
