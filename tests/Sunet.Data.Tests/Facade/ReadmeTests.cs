using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Reading;
using Sunet.Data.Images;
using Sunet.Data.Synthetic;
using Sunet.Native.Models;

namespace Sunet.Data.Tests.Facade;

public sealed class ReadmeTests
{
    private static readonly string Root = FindRoot();

    [Theory]
    [InlineData("segment", "Sunet.Data.Tests/Facade/ReadmeSnippets.cs")]
    [InlineData("train", "Sunet.Data.Tests/Facade/ReadmeSnippets.cs")]
    [InlineData("share", "Sunet.Native.Tests/Backends/Cuda/Driver/SharedContextTests.cs")]
    public void Snippet_InTheReadme_IsTheCodeThatIsTested(string name, string file)
    {
        string[] code = Between(File.ReadAllLines(Path.Combine(Root, "tests", file)), $"        // snippet: {name}", "        // end");
        string[] text = Between(File.ReadAllLines(Path.Combine(Root, "README.md")), $"<!-- snippet: {name} -->", "```", skip: 1);
        Assert.NotEmpty(code);
        Assert.Equal(code.Select(line => line.Length > 8 ? line[8..] : line.Trim()), text);
    }

    [Fact]
    public void Snippets_OneAfterTheOther_TrainAModelAndSegmentWithIt()
    {
        using var folder = new TestFolder();
        string data = Path.Combine(folder.Root, "data"), weights = Path.Combine(folder.Root, "model.safetensors");
        SyntheticDataset.Write(data, new SyntheticSettings { TrainImages = 8, ValImages = 2, Height = 64, Width = 96 });
        ReadmeSnippets.Train(data, weights, steps: 3, TestContext.Current.CancellationToken);
        Assert.Equal(SyntheticDataset.ClassNames, SunetModel.Load(weights).Spec.ClassNames);

        SegmentationDataset images = DatasetReader.Open(data, "val");
        string photo = images.Items[0].ImagePath;
        ReadmeSnippets.Segment(weights, photo);
        var labels = LabelFile.Load(photo + ".labels.png");
        Assert.Equal((64, 96), (labels.Height, labels.Width));
        foreach (byte label in labels.Span)
            Assert.InRange(label, 0, images.ClassCount - 1);
        Assert.Equal(96, ImageFile.Load(photo + ".overlay.png").Width);
    }

    private static string[] Between(string[] lines, string first, string last, int skip = 0)
    {
        int start = Array.IndexOf(lines, first);
        Assert.True(start >= 0, $"'{first}' is missing.");
        return [.. lines.Skip(start + 1 + skip).TakeWhile(line => line != last)];
    }

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Sunet.Native.sln")))
            folder = Path.GetDirectoryName(folder);
        return folder ?? throw new InvalidOperationException($"There is no Sunet.Native.sln above {AppContext.BaseDirectory}.");
    }
}
