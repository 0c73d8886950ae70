using System.Diagnostics;
using Sunet.Native.Files;
using Sunet.Native.Models.Saved;

namespace Sunet.Native.Tests.Files;

/// <summary>Folders and temporary files that are written belong to who made them.</summary>
public sealed class OutputFolderTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void TryCreateFolder_ManyAtOnce_OneHasMadeIt()
    {
        for (int round = 0; round < 100; round++)
        {
            int made = 0;
            string path = folder[$"{round}/run"];
            Parallel.For(0, 8, _ =>
            {
                if (DurableFile.TryCreateFolder(path))
                    Interlocked.Increment(ref made);
            });
            Assert.Equal(1, made);
        }
    }

    [Theory]
    [InlineData("folder")]
    [InlineData("file")]
    [InlineData("link")]
    public void TryCreateFolder_NameIsTaken_IsFalse(string kind)
    {
        string path = folder["taken"];
        if (kind == "folder")
            Directory.CreateDirectory(path);
        else if (kind == "file")
            File.WriteAllText(path, "");
        else
            File.CreateSymbolicLink(path, folder["nothing"]);
        Assert.False(DurableFile.TryCreateFolder(path));
        Assert.False(DurableFile.TryCreateFolder(path + "/"));
        Assert.Equal(["taken"], folder.Names);
    }

    [Fact]
    public void TryCreateFolder_BelowAFile_SaysWhy()
    {
        File.WriteAllText(folder["file"], "");
        CheckpointException failure = Assert.Throws<CheckpointException>(() => DurableFile.TryCreateFolder(folder["file/run"]));
        Assert.Contains("a file has that name", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RequireNoLinks_LinkOnTheWay_IsNamed()
    {
        Directory.CreateDirectory(folder["a/b"]);
        Directory.CreateSymbolicLink(folder["link"], folder["a"]);
        OutputFolder.RequireNoLinks(folder["link"], "b/new");
        IOException failure = Assert.Throws<IOException>(() => OutputFolder.RequireNoLinks(folder.Path, "link/b"));
        Assert.StartsWith($"'{folder["link"]}' is a symbolic link", failure.Message, StringComparison.Ordinal);
    }

    /// <summary>Opening a pipe for writing waits for a reader.</summary>
    [Fact]
    public void RemoveStale_PipeOfATemporarysName_IsLeftAlone()
    {
        string pipe = folder[".sunet-0123456789ab-1.tmp"];
        using (Process made = Process.Start("mkfifo", [pipe]))
            made.WaitForExit();
        TemporaryFile.RemoveStale(folder.Path);
        Assert.Equal([Path.GetFileName(pipe)], folder.Names);
    }

    [Fact]
    public void Read_ConfigurationIsAPipe_IsRefusedAtOnce()
    {
        using (Process made = Process.Start("mkfifo", [folder["config.json"]]))
            made.WaitForExit();
        CheckpointException failure = Assert.Throws<CheckpointException>(() => SunetSpecJson.Read(folder["config.json"]));
        Assert.Contains("a pipe", failure.Message, StringComparison.Ordinal);
    }
}
