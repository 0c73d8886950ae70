using System.Diagnostics;
using Sunet.Native.Files;
using Sunet.Native.Models.Saved;

namespace Sunet.Native.Tests.Files;

/// <summary>What has no end or no beginning is refused, and not waited for.</summary>
public sealed class RegularFileTests
{
    [Fact]
    public void OpenHandle_File_ReadsIt()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "file");
        File.WriteAllText(path, "text");
        using var handle = RegularFile.OpenHandle(path);
        Assert.Equal(4, RandomAccess.GetLength(handle));
    }

    [Fact]
    public void OpenHandle_Pipe_IsRefusedAtOnce()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "pipe");
        using (Process made = Process.Start("mkfifo", [path]))
            made.WaitForExit();
        IOException failure = Assert.Throws<IOException>(() => RegularFile.OpenHandle(path));
        Assert.Contains("a pipe", failure.Message);
    }

    [Theory]
    [InlineData("/dev/zero", "a device")]
    [InlineData("/", "a folder")]
    [InlineData("a\0b", "a null character")]
    public void Require_NoFile_SaysWhatItIs(string path, string kind)
    {
        IOException failure = Assert.Throws<IOException>(() => RegularFile.Require(path));
        Assert.Contains(kind, failure.Message);
    }

    [Fact]
    public void OpenHandle_Missing_IsSaidAsSuch() =>
        Assert.Throws<FileNotFoundException>(() => RegularFile.OpenHandle(Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString())));

    [Fact]
    public void CheckpointFile_Pipe_IsACheckpointException()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "weights.safetensors");
        using (Process made = Process.Start("mkfifo", [path]))
            made.WaitForExit();
        Assert.Contains("a pipe", Assert.Throws<CheckpointException>(() => CheckpointFile.Open(path)).Message);
    }
}
