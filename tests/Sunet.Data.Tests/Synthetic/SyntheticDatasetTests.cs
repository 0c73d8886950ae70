using System.Security.Cryptography;
using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Checking;
using Sunet.Data.Datasets.Reading;
using Sunet.Data.Synthetic;

namespace Sunet.Data.Tests.Synthetic;

public sealed class SyntheticDatasetTests : IDisposable
{
    private static readonly SyntheticSettings Settings = new() { TrainImages = 25, ValImages = 5 };

    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Write_SameSeed_WritesTheSameBytes()
    {
        string first = Digest("first", Settings), again = Digest("again", Settings), other = Digest("other", Settings with { Seed = 1 });
        Assert.Equal(first, again);
        Assert.NotEqual(first, other);
    }

    [Fact]
    public void Write_Checked_IsCleanAndHasEveryClass()
    {
        string root = folder.At("set");
        var written = new Reports();
        var read = new Reports();
        SyntheticDataset.Write(root, Settings, written);
        DatasetReport report = DatasetCheck.Run(root, progress: read);
        DatasetProgress[] everyImage = [.. Enumerable.Range(1, 30).Select(done => new DatasetProgress(done, 30))];
        Assert.Equal(everyImage, written);
        Assert.Equal(everyImage, read);
        Assert.Empty(report.Findings);
        Assert.Equal(30, report.ImageCount);
        Assert.Equal(SyntheticDataset.ClassNames, report.ClassNames);
        long total = 30L * 96 * 128;
        Assert.All(report.ClassPixels, pixels => Assert.InRange(pixels, total / 50, total * 3 / 4));
        Assert.InRange(report.IgnoredPixels, total / 100, total / 10);
        Assert.Equal(5, DatasetReader.Open(root, "val").Items.Count);
    }

    [Fact]
    public void Write_FolderHoldsADataset_IsRefused()
    {
        string root = folder.At("set");
        SyntheticDataset.Write(root, Settings with { TrainImages = 1, ValImages = 1 });
        Assert.Throws<DataException>(() => SyntheticDataset.Write(root, Settings));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(30)]
    public void Write_InterruptedAtAnImage_IsWrittenAnewWithOtherSettings(int at)
    {
        string root = folder.At("set");
        using var source = new CancellationTokenSource();
        if (at == 0)
            source.Cancel();
        var stop = new Stopping(at, source);
        if (at < 30)
            Assert.Throws<OperationCanceledException>(() => SyntheticDataset.Write(root, Settings, stop, source.Token));
        else
            Assert.Throws<InvalidOperationException>(() => SyntheticDataset.Write(root, Settings, stop, source.Token));
        folder.WriteText("half", "set", "JPEGImages", ".sunet-0123456789ab-1.tmp");
        SyntheticSettings fewer = Settings with { TrainImages = 3, ValImages = 2 };
        SyntheticDataset.Write(root, fewer);
        SyntheticDataset.Write(folder.At("whole"), fewer);
        Assert.Equal(Tree("whole"), Tree("set"));
        Assert.Throws<DataException>(() => SyntheticDataset.Write(root, fewer));
    }

    [Fact]
    public void Write_FolderOfImagesOfSomebody_IsRefused()
    {
        string image = folder.WriteText("mine", "set", "JPEGImages", "scene_000000.jpg");
        Assert.Throws<DataException>(() => SyntheticDataset.Write(folder.At("set"), Settings));
        Assert.Equal("mine", File.ReadAllText(image));
    }

    [Fact]
    public void Write_FolderWithinIsALink_IsNotFollowed()
    {
        string root = folder.At("set");
        Assert.Throws<InvalidOperationException>(() => SyntheticDataset.Write(root, Settings, new Stopping(1, null)));
        string victim = folder.WriteText("mine", "other", "scene_000009.jpg");
        Directory.Delete(Path.Combine(root, "JPEGImages"), recursive: true);
        Directory.CreateSymbolicLink(Path.Combine(root, "JPEGImages"), folder.At("other"));
        DataException failure = Assert.Throws<DataException>(() => SyntheticDataset.Write(root, Settings));
        Assert.Contains("symbolic link", failure.Message, StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(victim));
        Assert.Single(Directory.GetFiles(folder.At("other")));
    }

    [Fact]
    public void Write_BadSettingsOrFolder_IsTypedException()
    {
        Assert.Throws<ConfigurationException>(() => SyntheticDataset.Write(folder.At("set"), Settings with { Width = 3 }));
        Assert.Throws<DataException>(() => SyntheticDataset.Write(Path.Combine(folder.WriteText("", "file"), "set"), Settings));
    }

    private string[] Tree(string name)
    {
        string root = folder.At(name);
        return [.. Directory.GetFiles(root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(file => $"{Path.GetRelativePath(root, file)} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)))}")];
    }

    /// <summary>Ends the writing of a data set behind an image: politely, or as where the process dies.</summary>
    private sealed class Stopping(int at, CancellationTokenSource? source) : IProgress<DatasetProgress>
    {
        public void Report(DatasetProgress value)
        {
            if (value.Done != at)
                return;
            source?.Cancel();
            if (source is null || value.Done == value.Total)
                throw new InvalidOperationException("The process died.");
        }
    }

    private string Digest(string name, SyntheticSettings settings)
    {
        string root = folder.At(name);
        SyntheticDataset.Write(root, settings);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string file in Directory.GetFiles(root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
            hash.AppendData(File.ReadAllBytes(file));
        return Convert.ToHexString(hash.GetHashAndReset());
    }

    private sealed class Reports : List<DatasetProgress>, IProgress<DatasetProgress>
    {
        public void Report(DatasetProgress value) => Add(value);
    }
}
