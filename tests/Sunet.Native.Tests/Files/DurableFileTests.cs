using Sunet.Native.Files;
using Sunet.Verification.Reference;
using Xunit.Sdk;

namespace Sunet.Native.Tests.Files;

public sealed class DurableFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Write_NewAndExistingFile_LeavesOnlyTheNewContent()
    {
        DurableFile.Write(folder["a"], stream => stream.Write([1, 2]));
        DurableFile.Write(folder["a"], stream => stream.Write([3]));
        Assert.Equal([3], File.ReadAllBytes(folder["a"]));
        Assert.Equal(["a"], folder.Names);
    }

    [Fact]
    public void Write_SeeksAndLargeBlocks_GivesTheBytesOfAMemoryStream()
    {
        using MemoryStream expected = new();
        Scribble(expected);
        DurableFile.Write(folder["a"], Scribble);
        Assert.Equal(expected.ToArray(), File.ReadAllBytes(folder["a"]));

        static void Scribble(Stream stream)
        {
            byte[] block = new byte[700_000];
            new Random(1).NextBytes(block);
            stream.Write(block.AsSpan(0, 3));
            stream.Write(block);
            stream.Write(block.AsSpan(0, 200_000));
            stream.Write(block.AsSpan(5, 100_000));
            long end = stream.Position;
            Assert.Equal(end, stream.Length);
            stream.Position = 2;
            stream.Write([9, 8, 7]);
            Assert.Equal(end, stream.Length);
            stream.Seek(-1, SeekOrigin.End);
            stream.Write([6, 5]);
        }
    }

    [Fact]
    public void Write_ExistingFile_FlushesBeforeTheNameChangesAndTheFolderAfter()
    {
        File.WriteAllText(folder["a"], "old");
        FaultyFileCalls calls = new();
        DurableFile.Write(folder["a"], stream => stream.Write([1]), calls);
        Assert.Equal(["Create", "Write", "Flush", "Close", "TryExchange", "FlushFolder", "Delete"], calls.Recorded);
        AssertDurable(calls.Recorded);
    }

    [Fact]
    public void Write_NewFile_FlushesBeforeTheNameChangesAndTheFolderAfter()
    {
        FaultyFileCalls calls = new();
        DurableFile.Write(folder["a"], stream => stream.Write([1]), calls);
        Assert.Equal(["Create", "Write", "Flush", "Close", "Rename", "FlushFolder"], calls.Recorded);
        AssertDurable(calls.Recorded);
    }

    [Theory]
    [InlineData("Create", "Write", "Close", "Rename", "FlushFolder")]
    [InlineData("Create", "Flush", "Write", "Close", "Rename", "FlushFolder")]
    [InlineData("Create", "Write", "Close", "Rename", "Flush", "FlushFolder")]
    [InlineData("Create", "Write", "Flush", "Close", "Rename")]
    [InlineData("Create", "Write", "Flush", "FlushFolder", "Close", "Rename")]
    public void AssertDurable_FlushDroppedOrMisplaced_Fails(params string[] planted) =>
        Assert.ThrowsAny<XunitException>(() => AssertDurable(planted));

    public static TheoryData<bool, bool, bool, string> Faults()
    {
        TheoryData<bool, bool, bool, string> cases = [];
        foreach (string message in new[] { "No space left on device", "Input/output error" })
        {
            for (int bits = 0; bits < 8; bits++)
                cases.Add((bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, message);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public void Write_AnyCallFails_ReportsItAndKeepsThePreviousFile(bool exists, bool canExchange, bool persistent, string message)
    {
        int total = CountCalls(exists, canExchange);
        List<string> failed = [];
        for (int n = 1; n <= total; n++)
        {
            Prepare(exists);
            FaultyFileCalls calls = new() { FailAt = n, Persistent = persistent, CanExchange = canExchange, Message = message };

            Exception? e = Record.Exception(() => DurableFile.Write(folder["a"], Fill, calls));

            if (calls.Failed.Count == 0)
            {
                Assert.Null(e);
                continue;
            }

            failed.AddRange(calls.Failed);
            CheckpointException checkpoint = Assert.IsType<CheckpointException>(e);
            Assert.Contains(message, checkpoint.Message, StringComparison.Ordinal);
            Assert.Contains(folder["a"], checkpoint.Message, StringComparison.Ordinal);
            // Only where the folder's flush fails and cannot be answered by a step back is the new file in place, and that is said.
            bool inPlace = checkpoint.Message.Contains("complete and in place", StringComparison.Ordinal);
            Assert.Equal(calls.Failed[0] == "FlushFolder" && exists && (!canExchange || persistent), inPlace);
            Assert.Equal(exists || inPlace ? ["a"] : [], folder.Names);
            if (exists)
                Assert.Equal(inPlace ? NewContent : [1, 2, 3], File.ReadAllBytes(folder["a"]));
        }

        string[] publishing = exists && !canExchange ? ["TryExchange", "Rename"] : [exists ? "TryExchange" : "Rename"];
        string[] names = ["Create", "Write", "Flush", "Close", "FlushFolder", .. publishing];
        Assert.Superset(names.ToHashSet(), failed.ToHashSet());
    }

    [Fact]
    public void Write_PreviousFileCannotBeRemoved_StillSucceeds()
    {
        Prepare(exists: true);
        FaultyFileCalls calls = new() { FailAt = 1, Persistent = true, Only = "Delete" };
        DurableFile.Write(folder["a"], Fill, calls);
        Assert.Equal(["Delete"], calls.Failed);
        Assert.Equal(NewContent, File.ReadAllBytes(folder["a"]));
    }

    [Fact]
    public void Write_CallbackThrows_PassesItOnAndKeepsThePreviousFile()
    {
        Prepare(exists: true);
        Assert.Throws<OperationCanceledException>(() => DurableFile.Write(folder["a"], stream =>
        {
            Fill(stream);
            throw new OperationCanceledException();
        }));
        Assert.Equal([1, 2, 3], File.ReadAllBytes(folder["a"]));
        Assert.Equal(["a"], folder.Names);
    }

    [Fact]
    public void Write_FolderMissingOrNameTaken_Throws()
    {
        Directory.CreateDirectory(folder["taken"]);
        Assert.Throws<CheckpointException>(() => DurableFile.Write(folder["missing/a"], Fill));
        Assert.Throws<CheckpointException>(() => DurableFile.Write(folder["taken"], Fill));
        Assert.Throws<CheckpointException>(() => DurableFile.Write("/", Fill));
        Assert.Equal(["taken"], folder.Names);
    }

    [Fact]
    public void Write_LeftoversOfAKilledProcess_AreRemovedAndLockedOnesStay()
    {
        File.WriteAllText(folder[".sunet-0123456789ab-1.tmp"], "left behind");
        File.WriteAllText(folder["sunet.tmp"], "somebody else's");
        using FileStream alive = new(folder[".sunet-0123456789ac-1.tmp"], FileMode.CreateNew, FileAccess.Write, FileShare.None);
        DurableFile.Write(folder["a"], Fill);
        Assert.Equal([".sunet-0123456789ac-1.tmp", "a", "sunet.tmp"], folder.Names);
    }

    [Fact]
    public void Write_ManyThreadsOneFile_LeavesOneWholeContent()
    {
        Parallel.For(0, 64, i =>
        {
            byte[] content = new byte[10_000 + i];
            content.AsSpan().Fill((byte)i);
            DurableFile.Write(folder["a"], stream => stream.Write(content));
        });
        byte[] left = File.ReadAllBytes(folder["a"]);
        Assert.Equal(10_000 + left[0], left.Length);
        Assert.Equal(-1, left.AsSpan().IndexOfAnyExcept(left[0]));
        Assert.Equal(["a"], folder.Names);
    }

    [Fact]
    public void Write_FolderThatTakesNoFiles_GivesTheSystemsReason()
    {
        Assert.SkipUnless(Directory.Exists("/proc/self"), "There is no /proc.");
        CheckpointException e = Assert.Throws<CheckpointException>(() => DurableFile.Write("/proc/self/a", Fill));
        Assert.StartsWith("Cannot save '/proc/self/a': ", e.Message, StringComparison.Ordinal);
        Assert.NotNull(e.InnerException);
    }

    [Fact]
    public void CreateFolder_SeveralLevels_FlushesEveryParent()
    {
        FaultyFileCalls calls = new();
        DurableFile.CreateFolder(folder["x/y/z"], calls);
        DurableFile.CreateFolder(folder["x/y"], calls);
        Assert.True(Directory.Exists(folder["x/y/z"]));
        Assert.Equal([.. Enumerable.Repeat<string[]>(["CreateFolder", "FlushFolder"], 3).SelectMany(pair => pair)], calls.Recorded);
        File.WriteAllText(folder["file"], "");
        Assert.Throws<CheckpointException>(() => DurableFile.CreateFolder(folder["file/a"]));
        foreach (int n in new[] { 1, 2 })
            Assert.Throws<CheckpointException>(() => DurableFile.CreateFolder(folder[$"w{n}"], new FaultyFileCalls { FailAt = n }));
    }

    private static byte[] NewContent { get; } = [.. Enumerable.Range(0, 600_000).Select(i => (byte)(i * 7))];

    private static void Fill(Stream stream)
    {
        stream.Write(NewContent.AsSpan(0, 100));
        stream.Write(NewContent.AsSpan(100));
        stream.Position = 0;
        stream.Write(NewContent.AsSpan(0, 10));
    }

    private void Prepare(bool exists)
    {
        foreach (string name in folder.Names)
            File.Delete(folder[name]);
        if (exists)
            File.WriteAllBytes(folder["a"], [1, 2, 3]);
    }

    private int CountCalls(bool exists, bool canExchange)
    {
        Prepare(exists);
        FaultyFileCalls calls = new() { CanExchange = canExchange };
        DurableFile.Write(folder["a"], Fill, calls);
        Assert.Equal(NewContent, File.ReadAllBytes(folder["a"]));
        return calls.Recorded.Count;
    }

    /// <summary>The file's bytes are flushed after the last write and before the name changes; the folder after that.</summary>
    private static void AssertDurable(IEnumerable<string> calls)
    {
        List<string> order = [.. calls];
        int renamed = order.FindIndex(call => call is "Rename" or "TryExchange");
        int flushed = order.LastIndexOf("Flush");
        Assert.InRange(flushed, order.LastIndexOf("Write") + 1, renamed - 1);
        Assert.True(order.LastIndexOf("FlushFolder") > renamed);
    }
}
