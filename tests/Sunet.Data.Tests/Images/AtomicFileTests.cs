using Sunet.Data.Conversion;
using Sunet.Data.Images;

namespace Sunet.Data.Tests.Images;

/// <summary>Files are written beside their destination under names of their own.</summary>
public sealed class AtomicFileTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Write_ManyThreadsOneFile_LeavesOneWholeContent()
    {
        string path = folder.At("a");
        Parallel.For(0, 64, i => AtomicFile.Write(path, [.. Enumerable.Repeat((byte)i, 10_000 + i)]));
        byte[] left = File.ReadAllBytes(path);
        Assert.Equal(10_000 + left[0], left.Length);
        Assert.Equal(-1, left.AsSpan().IndexOfAnyExcept(left[0]));
        Assert.Equal([path], Directory.GetFileSystemEntries(folder.Root));
    }

    [Fact]
    public void Write_FileThatLooksLikeATemporary_IsLeftAlone()
    {
        string victim = folder.WriteText("mine", "other", "victim"), link = folder.At("a.png.partial");
        File.CreateSymbolicLink(link, victim);
        AtomicFile.Write(folder.At("a.png"), [1, 2, 3]);
        Assert.Equal("mine", File.ReadAllText(victim));
        Assert.Equal(victim, new FileInfo(link).LinkTarget);
    }

    [Fact]
    public void Write_LinkOfTheName_IsReplacedAndNotFollowed()
    {
        string victim = folder.WriteText("mine", "other", "victim"), path = folder.At("a.png");
        File.CreateSymbolicLink(path, victim);
        AtomicFile.Write(path, [1, 2, 3]);
        Assert.Equal("mine", File.ReadAllText(victim));
        Assert.Null(new FileInfo(path).LinkTarget);
        Assert.Equal([1, 2, 3], File.ReadAllBytes(path));
    }

    [Fact]
    public void Write_FailureOfTheRename_LeavesNothing()
    {
        Directory.CreateDirectory(folder.At("taken"));
        Assert.Throws<DataException>(() => AtomicFile.Write(folder.At("taken"), [1]));
        Assert.Throws<DataException>(() => AtomicFile.Write("/", [1]));
        Assert.Equal([folder.At("taken")], Directory.GetFileSystemEntries(folder.Root));
    }

    [Theory]
    [InlineData("JPEGImages")]
    [InlineData("SegmentationClass")]
    [InlineData("ImageSets")]
    public void Convert_FolderOfTheOutputIsALink_IsNotFollowed(string name)
    {
        using TestFolder source = TestFolder.WithVoc();
        string output = folder.At("out"), other = folder.At("other");
        Directory.CreateDirectory(output);
        Directory.CreateDirectory(other);
        Directory.CreateSymbolicLink(Path.Combine(output, name), other);
        DataException failure = Assert.Throws<DataException>(
            () => DatasetConverter.Open(source.Root, output, new ConversionOptions { Overwrite = true }).Run());
        Assert.Contains("symbolic link", failure.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(other));
    }
}
