using System.Security.Cryptography;
using Sunet.Data.Datasets;
using Sunet.Data.Synthetic;

namespace Sunet.Data.Tests;

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

    [Fact]
    public void Write_BadSettingsOrFolder_IsTypedException()
    {
        Assert.Throws<ConfigurationException>(() => SyntheticDataset.Write(folder.At("set"), Settings with { Width = 3 }));
        Assert.Throws<DataException>(() => SyntheticDataset.Write(Path.Combine(folder.WriteText("", "file"), "set"), Settings));
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
