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
    [InlineData("segment", "README.md", "Sunet.Data.Tests/Facade/ReadmeSegment.cs")]
    [InlineData("segment-many", "README.md", "Sunet.Data.Tests/Facade/ReadmeSegmentMany.cs")]
    [InlineData("service", "README.md", "Sunet.Native.Hosting.Tests/ReadmeService.cs")]
    [InlineData("train", "README.md", "Sunet.Data.Tests/Facade/ReadmeTrain.cs")]
    [InlineData("share", "src/GUIDE.md", "Sunet.Native.Tests/Backends/Cuda/Driver/SharedContextTests.cs")]
    public void Snippet_InADocument_IsTheCodeThatIsTested(string name, string document, string file)
    {
        string[] lines = File.ReadAllLines(Path.Combine(Root, "tests", file));
        string[] code = Between(lines, $"        // snippet: {name}", "        // end");
        string[] text = Between(File.ReadAllLines(Path.Combine(Root, document)), $"<!-- snippet: {name} -->", "```", skip: 1);
        string[] directives = [.. text.TakeWhile(IsDirective)];
        Assert.NotEmpty(code);
        Assert.Equal(code.Select(line => line.Length > 8 ? line[8..] : line.Trim()), text.Skip(directives.Length).SkipWhile(l => l == ""));

        // A document that shows directives shows all that the code needs; the compiler refuses a file with more.
        if (document == "README.md")
            Assert.Equal(lines.TakeWhile(IsDirective), directives);

        static bool IsDirective(string line) =>
            line.StartsWith("using ", StringComparison.Ordinal) && !line.Contains('=', StringComparison.Ordinal);
    }

    [Fact]
    public async Task Snippets_OneAfterTheOther_TrainAModelAndSegmentWithIt()
    {
        using var folder = new TestFolder();
        string data = Path.Combine(folder.Root, "data"), weights = Path.Combine(folder.Root, "model.safetensors");
        SyntheticDataset.Write(data, new SyntheticSettings { TrainImages = 8, ValImages = 2, Height = 64, Width = 96 });
        ReadmeTrain.Run(data, weights, steps: 3, TestContext.Current.CancellationToken);
        Assert.Equal(SyntheticDataset.ClassNames, SunetModel.Load(weights).Spec.ClassNames);

        SegmentationDataset images = DatasetReader.Open(data, "val");
        string photo = images.Items[0].ImagePath;
        ReadmeSegment.Run(weights, photo);
        var labels = LabelFile.Load(photo + ".labels.png");
        Assert.Equal((64, 96), (labels.Height, labels.Width));
        foreach (byte label in labels.Span)
            Assert.InRange(label, 0, images.ClassCount - 1);
        Assert.Equal(96, ImageFile.Load(photo + ".overlay.png").Width);

        string photos = Path.GetDirectoryName(photo)!;
        await ReadmeSegmentMany.Run(weights, photos);
        Assert.All(Directory.EnumerateFiles(photos, "*.jpg"), file => Assert.Equal(96, LabelFile.Load(file + ".png").Width));
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
