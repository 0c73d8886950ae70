using Sunet.Data.Conversion;
using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Checking;
using Sunet.Data.Datasets.Reading;
using Sunet.Data.Images;

namespace Sunet.Data.Tests.Conversion;

public sealed class DatasetConverterTests : IDisposable
{
    private readonly TestFolder folder = new(), target = new();

    private string Output => Path.Combine(target.Root, "voc");

    public void Dispose()
    {
        folder.Dispose();
        target.Dispose();
    }

    [Theory]
    [InlineData("voc")]
    [InlineData("sbd")]
    [InlineData("cityscapes")]
    [InlineData("yaml")]
    public void Run_AnyLayout_LoadsToEqualSamples(string layout)
    {
        string data = folder.AddPublished(layout);
        ConversionReport report = DatasetConverter.Open(data, Output, new ConversionOptions { Workers = 2 }).Run();
        Assert.Empty(DatasetCheck.Run(Output).Findings);
        Assert.False(File.Exists(Path.Combine(Output, ".sunet-convert")));
        foreach ((string split, int images) in report.Splits)
        {
            IReadOnlyList<DatasetImage> before = DatasetReader.ListImages(data, split), after = DatasetReader.ListImages(Output, split);
            Assert.Equal((images, images), (before.Count, after.Count));
            for (int i = 0; i < images; i++)
                Assert.Equal(File.ReadAllBytes(before[i].Path), File.ReadAllBytes(after[i].Path));
            if (split != "test")
                AssertEqual(DatasetReader.Open(data, split), DatasetReader.Open(Output, split));
        }
    }

    [Fact]
    public void Run_VocWithSbd_WritesTrainaugAsPngs()
    {
        folder.AddVoc();
        folder.AddSbd();
        ConversionReport report = DatasetConverter.Open(folder.Root, Output, new ConversionOptions { Splits = ["val", "trainaug"] }).Run();
        Assert.Equal([("trainaug", 4), ("val", 1)], report.Splits.Order());
        Assert.Equal(5, report.Written);
        SegmentationDataset data = DatasetReader.Open(Output, "trainaug");
        Assert.Equal(Path.Combine(Output, "SegmentationClass", "s1.png"), data.Items[2].LabelPath);
        Assert.Equal(PublishedTrees.Labels, data.Load(data.Items[2]).Labels.ToArray());
        Assert.False(File.Exists(Path.Combine(Output, "ImageSets", "Segmentation", "train.txt")));
    }

    [Fact]
    public void Run_SplitWithoutLabels_IsLeftOutUnlessItIsTest()
    {
        folder.AddCityscapes();
        File.Copy(folder.At("leftImg8bit", "val", "ulm", "ulm_0_0_leftImg8bit.png"),
            folder.At("leftImg8bit", "train_extra", "kiel", "kiel_0_0_leftImg8bit.png"));
        ConversionReport report = DatasetConverter.Open(folder.Root, Output, new ConversionOptions()).Run();
        Assert.Equal(["test", "train", "val"], report.Splits.Select(split => split.Split));
        Assert.Empty(DatasetCheck.Run(Output).Findings);
        AssertRefused("has no labels to convert", folder.Root, new ConversionOptions { Splits = ["train_extra"], Overwrite = true });
    }

    [Fact]
    public void Run_NamesInFolders_BecomeDistinctAndKeepTheirFormat()
    {
        string yaml = folder.AddYaml();
        DatasetConverter.Open(yaml, Output, new ConversionOptions { Splits = ["train"] }).Run();
        DatasetConverter.Open(yaml, Output, new ConversionOptions { Splits = ["val"], Overwrite = true }).Run();
        Assert.Equal(["x_y", "x_y_2"], DatasetReader.Open(Output, "train").Items.Select(item => item.Name).Order());
        SegmentationItem item = Assert.Single(DatasetReader.Open(Output, "val").Items);
        Assert.Equal(Path.Combine(Output, "JPEGImages", "x_y_3.png"), item.ImagePath);
        Assert.Equal(File.ReadAllBytes(folder.At("images", "val", "x_y.png")), File.ReadAllBytes(item.ImagePath));
    }

    [Fact]
    public void Open_FolderOfADataSet_IsLeftAloneUnlessToldOtherwise()
    {
        folder.AddSbd();
        DatasetConverter.Open(folder.Root, Output, new ConversionOptions()).Run();
        string image = Path.Combine(Output, "JPEGImages", "s1.jpg");
        File.WriteAllText(image, "changed");
        AssertRefused("holds a data set already", folder.Root, new ConversionOptions());
        Assert.Equal("changed", File.ReadAllText(image));
        ConversionReport report = DatasetConverter.Open(folder.Root, Output, new ConversionOptions { Overwrite = true }).Run();
        Assert.Equal((4, 0), (report.Written, report.Kept));
        Assert.Empty(DatasetCheck.Run(Output).Findings);
    }

    [Fact]
    public void Run_Cancelled_IsNoDataSetAndGoesOnWhereItStopped()
    {
        folder.AddSbd();
        using var source = new CancellationTokenSource();
        DatasetConverter first = DatasetConverter.Open(folder.Root, Output, new ConversionOptions { Workers = 1 });
        Assert.Throws<OperationCanceledException>(() => first.Run(new CancelAfter(2, source), source.Token));
        Assert.Contains(DatasetCheck.Run(Output).Findings, finding => finding.Problem.Contains("no split", StringComparison.Ordinal));

        ConversionReport report = DatasetConverter.Open(folder.Root, Output, new ConversionOptions { Overwrite = true }).Run();
        Assert.Equal((2, 2), (report.Written, report.Kept));
        Assert.Empty(DatasetCheck.Run(Output).Findings);
        AssertEqual(DatasetReader.Open(folder.Root, "trainval"), DatasetReader.Open(Output, "trainval"));
    }

    /// <summary>What another source left under the same names is not taken for a part of this conversion.</summary>
    [Fact]
    public void Run_OverAnotherDataSetsFiles_RewritesThem()
    {
        folder.AddVoc();
        folder.AddSbd();
        string sbd = Path.Combine(folder.Root, "benchmark_RELEASE"), voc = Path.Combine(folder.Root, "VOCdevkit");
        DatasetConverter.Open(sbd, Output, new ConversionOptions()).Run();
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() =>
            DatasetConverter.Open(voc, Output, new ConversionOptions { Overwrite = true }).Run(cancellation: source.Token));
        ConversionReport report = DatasetConverter.Open(voc, Output, new ConversionOptions { Overwrite = true, Splits = ["train"] }).Run();
        Assert.Equal((2, 0), (report.Written, report.Kept));
        AssertEqual(DatasetReader.Open(voc, "train"), DatasetReader.Open(Output, "train"));
    }

    [Fact]
    public void Open_OntoItselfOrOtherClasses_IsRefused()
    {
        string yaml = folder.AddYaml();
        DatasetConverter.Open(yaml, Output, new ConversionOptions()).Run();
        var overwrite = new ConversionOptions { Overwrite = true };
        AssertRefused("belongs to the data set to convert", Output, overwrite);
        folder.AddCityscapes();
        AssertRefused("names other classes", folder.Root, overwrite);
    }

    [Fact]
    public void Run_DamagedSample_NamesItAndWritesNoList()
    {
        string yaml = folder.AddYaml();
        string mask = folder.At("masks", "val", "x_y.png");
        IndexPngWriter.Write(mask, new byte[5, 5]);
        DatasetConverter converter = DatasetConverter.Open(yaml, Output, new ConversionOptions());
        Assert.Equal(mask, Assert.Throws<DataException>(() => converter.Run()).Path);
        Assert.Empty(Directory.GetFiles(Path.Combine(Output, "ImageSets", "Segmentation")));
    }

    [Fact]
    public void Open_BadOptions_AreRefused()
    {
        folder.AddSbd();
        ConversionOptions good = new(), noWorkers = new() { Workers = 0 }, noPixels = new() { PixelCap = 0 };
        Assert.Throws<ConfigurationException>(() => DatasetConverter.Open(folder.Root, Output, noWorkers));
        Assert.Throws<ConfigurationException>(() => DatasetConverter.Open(folder.Root, Output, noPixels));
        Assert.Throws<ConfigurationException>(() => DatasetConverter.Open(folder.Root, Output, good with { Splits = ["val", "val"] }));
        Assert.Throws<ConfigurationException>(() => DatasetConverter.Open(folder.Root, Output, good with { Splits = ["../val"] }));
        AssertRefused("'nothing' is missing", folder.Root, good with { Splits = ["nothing"] });
        Assert.False(Directory.Exists(Output));
    }

    private void AssertRefused(string reason, string data, ConversionOptions options)
    {
        var failure = Assert.Throws<DataException>(() => DatasetConverter.Open(data, Output, options));
        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
    }

    private static void AssertEqual(SegmentationDataset before, SegmentationDataset after)
    {
        Assert.Equal(before.ClassNames, after.ClassNames);
        for (int i = 0; i < before.Items.Count; i++)
        {
            var old = before.Load(before.Items[i]);
            var converted = after.Load(after.Items[i]);
            Assert.Equal(old.Image.ToArray(), converted.Image.ToArray());
            Assert.Equal(old.Labels.ToArray(), converted.Labels.ToArray());
        }
    }

    private sealed class CancelAfter(int images, CancellationTokenSource source) : IProgress<DatasetProgress>
    {
        public void Report(DatasetProgress value)
        {
            if (value.Done == images)
                source.Cancel();
        }
    }
}
