using Sunet.Data.Conversion;
using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Checking;
using Sunet.Data.Datasets.Reading;
using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Tests.Datasets.Labels;

/// <summary>Masks that have colours in place of indices: converted by a map of colours, refused with that advice elsewhere.</summary>
public sealed class ColourMaskTests : IDisposable
{
    private const string Map = "# label:color_rgb:parts:actions\nbackground:0,0,0::\nroad:250,50,83::\nignored:224,224,192::\n";

    private readonly TestFolder folder = new(), target = new();

    private string Output => Path.Combine(target.Root, "voc");

    public void Dispose()
    {
        folder.Dispose();
        target.Dispose();
    }

    [Fact]
    public void Load_ColourMask_IsRefusedWithTheWayToConvertIt()
    {
        AddVoc();
        folder.WriteText(Map, "labelmap.txt");
        SegmentationDataset data = DatasetReader.Open(folder.Root, "train");
        string said = Assert.Throws<DataException>(() => data.Load(data.Items[0])).Message;
        Assert.Contains("a.png' is a colour PNG", said, StringComparison.Ordinal);
        Assert.Contains("'sunet data convert' makes such maps of colours", said, StringComparison.Ordinal);
        Assert.All(DatasetCheck.Run(folder.Root).Findings, finding => Assert.Contains(
            "data convert", finding.Problem, StringComparison.Ordinal));
    }

    [Fact]
    public void Convert_ColourMasksWithLabelmap_AreIndicesOfItsLines()
    {
        AddVoc();
        folder.WriteText(Map, "labelmap.txt");
        AssertConverts(new ConversionOptions(), ["background", "road"], LayoutTrees.Stripes(0, 1, 255));
    }

    [Fact]
    public void Convert_ColourMapGiven_TakesThePlaceOfTheDataSetsClasses()
    {
        AddVoc();
        folder.WriteText("x\ny\nz\n", "classes.txt");
        string map = target.WriteText("ground:0,0,0\nhole:224,224,192\nway:250,50,83\n", "map.txt");
        AssertConverts(new ConversionOptions { ColourMap = map }, ["ground", "hole", "way"], LayoutTrees.Stripes(0, 2, 1));
    }

    [Theory]
    [InlineData("name,r,g,b\nbackground,0,0,0\nroad,250,50,83\nignore,224,224,192\n")]
    [InlineData("background:0, 0, 0\nroad: 250, 50, 83\nIgnored:224,224,192\n")]
    public void Convert_OtherFormOfTheMap_IsRead(string text)
    {
        AddVoc();
        AssertConverts(
            new ConversionOptions { ColourMap = target.WriteText(text, "map.csv") },
            ["background", "road"], LayoutTrees.Stripes(0, 1, 255));
    }

    [Fact]
    public void Convert_LabelmapBesideMasksOfIndices_LeavesIndices()
    {
        folder.AddVocLike(path => folder.AddMask(path, 0, 1, 255));
        folder.WriteText(Map, "labelmap.txt");
        AssertConverts(new ConversionOptions(), ["background", "road"], LayoutTrees.Stripes(0, 1, 255));
    }

    [Fact]
    public void Convert_LabelmapWithoutColours_TakesThoseOfVoc()
    {
        folder.AddVocLike(path => folder.AddColours(path, VocPalette.Colours[0], VocPalette.Colours[1], LayoutTrees.Cream));
        folder.WriteText("background:::\nroad:::\nignored:::\n", "labelmap.txt");
        AssertConverts(new ConversionOptions(), ["background", "road"], LayoutTrees.Stripes(0, 1, 255));
    }

    [Fact]
    public void Convert_MasksOf0And255WithColourMap_AreClasses()
    {
        folder.AddVocLike(path => folder.AddMask(path, 0, 255, 255));
        string map = target.WriteText("background:0,0,0\nroad:255,255,255\n", "map.txt");
        AssertConverts(new ConversionOptions { ColourMap = map }, ["background", "road"], LayoutTrees.Stripes(0, 1, 1));
    }

    [Fact]
    public void Convert_ColourThatIsNotInTheMap_NamesFilePlaceAndColour()
    {
        folder.AddVocLike(path => folder.AddColours(path, LayoutTrees.Black, LayoutTrees.Red, LayoutTrees.Blue));
        string map = folder.WriteText(Map, "labelmap.txt");
        DatasetConverter converter = DatasetConverter.Open(folder.Root, Output, new ConversionOptions { Workers = 1 });
        var failure = Assert.Throws<DataException>(() => converter.Run());
        Assert.Equal(
            $"'{folder.At("SegmentationClass", "a.png")}' has the colour 51,80,255 at column 8, row 0, which '{map}' does not have.",
            failure.Message);
        Assert.False(File.Exists(Path.Combine(Output, "ImageSets", "Segmentation", "train.txt")));
    }

    [Theory]
    [InlineData("background:0,0,0\nroad:0,0,0\n", "gives 'background' and 'road' the same colour")]
    [InlineData("background:0,0,0\nroad\n", "gives 'road' no colour")]
    [InlineData("background:0,0,0\nroad:red\n", "'road:red', which should be a name and a colour")]
    public void Convert_MapThatIsNoGood_SaysWhy(string text, string reason)
    {
        AddVoc();
        var options = new ConversionOptions { ColourMap = target.WriteText(text, "map.txt") };
        var failure = Assert.Throws<DataException>(() => DatasetConverter.Open(folder.Root, Output, options).Run());
        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
        Assert.Equal(options.ColourMap, failure.Path);
    }

    [Fact]
    public void Open_ColourMapForLabelsThatAreNoMasks_IsRefused()
    {
        folder.AddSbd();
        var options = new ConversionOptions { ColourMap = target.WriteText(Map, "map.txt") };
        Assert.Throws<ConfigurationException>(() => DatasetConverter.Open(folder.Root, Output, options));
    }

    [Fact]
    public void Convert_JpegMasks_TakeTheNearestColourAndIgnoreSeams()
    {
        AddJpegPairs(new Rgb(0, 0, 0), new Rgb(255, 255, 255));
        string map = target.WriteText("background:0,0,0\nroad:255,255,255\n", "map.txt");
        DatasetConverter.Open(folder.Root, Output, new ConversionOptions { ColourMap = map }).Run();
        SegmentationDataset data = DatasetReader.Open(Output, "val");
        Assert.Equal((2, 2), (data.Items.Count, data.ClassCount));
        byte[,] labels = data.Load(data.Items[0]).Labels.ToArray();
        Assert.Equal((0, 1), (labels[4, 1], labels[4, 10]));
        Assert.True(labels.Cast<byte>().Count(label => label == 255) <= 16);
        Assert.DoesNotContain(labels.Cast<byte>(), label => label is > 1 and < 255);
    }

    [Theory]
    [InlineData("background:0,0,0\nroad:10,10,10\n", "so near to each other")]
    [InlineData("background:0,200,0\nroad:0,0,200\n", "96 of 96 pixels in colours that are near none")]
    public void Convert_JpegMasksThatTheMapDoesNotFit_AreRefused(string text, string reason)
    {
        AddJpegPairs(new Rgb(0, 0, 0), new Rgb(255, 255, 255));
        var options = new ConversionOptions { ColourMap = target.WriteText(text, "map.txt") };
        string said = Assert.Throws<DataException>(() => DatasetConverter.Open(folder.Root, Output, options).Run()).Message;
        Assert.Contains(reason, said, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_JpegMask_IsRefusedWithTheWayToConvertIt()
    {
        AddJpegPairs(new Rgb(0, 0, 0), new Rgb(255, 255, 255));
        folder.WriteText("background\nroad\n", "classes.txt");
        SegmentationDataset data = DatasetReader.Open(folder.Root, "train");
        string said = Assert.Throws<DataException>(() => data.Load(data.Items[0])).Message;
        Assert.Contains("im0.jpg' is a JPEG image", said, StringComparison.Ordinal);
        Assert.Contains("'--colour-map FILE'", said, StringComparison.Ordinal);
    }

    /// <summary>What was written by a map that has changed since is not a part of this conversion.</summary>
    [Fact]
    public void Convert_InterruptedAndGoneOnWithAnotherMap_BeginsAnew()
    {
        AddVoc();
        string map = target.WriteText("background:0,0,0\nroad:250,50,83\nrail:224,224,192\n", "map.txt");
        var options = new ConversionOptions { ColourMap = map, Workers = 1, Overwrite = true };
        folder.AddColours("SegmentationClass/c.png", LayoutTrees.Blue);
        Assert.Throws<DataException>(() => DatasetConverter.Open(folder.Root, Output, options).Run());
        AddVoc();
        target.WriteText("background:0,0,0\nrail:224,224,192\nroad:250,50,83\n", "map.txt");
        AssertConverts(options, ["background", "rail", "road"], LayoutTrees.Stripes(0, 2, 1));
    }

    [Fact]
    public void Convert_ImagesOfOtherFormats_AreWrittenAsPng()
    {
        AddVoc();
        folder.WriteText(Map, "labelmap.txt");
        File.Delete(folder.At("JPEGImages", "a.jpg"));
        byte[] gif = Convert.FromBase64String("R0lGODlhDAAIAIAAAP8AAAAA/yH5BAAAAAAALAAAAAAMAAgAAAIJhI+py+0Po5wKADs=");
        folder.Write(gif, "JPEGImages", "a.gif");
        DatasetConverter.Open(folder.Root, Output, new ConversionOptions()).Run();
        string source = folder.At("JPEGImages", "a.gif"), written = DatasetReader.Open(Output, "train").Items[0].ImagePath;
        Assert.Equal(Path.Combine(Output, "JPEGImages", "a.png"), written);
        Assert.Equal(ImageFile.Load(source).ToArray(), ImageFile.Load(written).ToArray());
    }

    private void AddVoc() =>
        folder.AddVocLike(path => folder.AddColours(path, LayoutTrees.Black, LayoutTrees.Red, LayoutTrees.Cream));

    private void AddJpegPairs(params Rgb[] colours) =>
        folder.AddPairs("images/{0}", "masks/{0}", path => folder.AddColours(path, colours), mask: "im{0}.jpg");

    private void AssertConverts(ConversionOptions options, string[] classes, byte[,] labels)
    {
        DatasetConverter.Open(folder.Root, Output, options).Run();
        SegmentationDataset data = DatasetReader.Open(Output, "train");
        Assert.Equal(classes, data.ClassNames);
        Assert.All(data.Items, item => Assert.Equal(labels, data.Load(item).Labels.ToArray()));
        Assert.Empty(DatasetCheck.Run(Output).Findings);
    }
}
