using Sunet.Native.Files;

namespace Sunet.Native.Tests.Files;

public sealed class DurableFolderTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void WriteFolder_NewAndExisting_LeavesOnlyTheNewFiles(bool canExchange)
    {
        FaultyFileCalls calls = new() { CanExchange = canExchange };
        DurableFile.WriteFolder(folder["m"], Files(1, "a", "b"), calls);
        DurableFile.WriteFolder(folder["m/"], Files(2, "b", "c"), calls);
        Assert.Equal(["m"], folder.Names);
        AssertHolds(2, "b", "c");
    }

    [Theory]
    [InlineData(true, true, false)]
    [InlineData(true, true, true)]
    [InlineData(true, false, false)]
    [InlineData(false, true, false)]
    [InlineData(false, true, true)]
    public void WriteFolder_AnyCallFails_ReportsItAndKeepsThePreviousFiles(bool exists, bool canExchange, bool persistent)
    {
        FaultyFileCalls counter = new() { CanExchange = canExchange };
        Prepare(exists);
        DurableFile.WriteFolder(folder["m"], Files(2, "b", "c"), counter);
        int failures = 0;
        for (int n = 1; n <= counter.Recorded.Count; n++)
        {
            Prepare(exists);
            FaultyFileCalls calls = new() { FailAt = n, Persistent = persistent, CanExchange = canExchange };
            Exception? e = Record.Exception(() => DurableFile.WriteFolder(folder["m"], Files(2, "b", "c"), calls));
            if (calls.Failed.Count == 0)
            {
                Assert.Null(e);
                continue;
            }

            failures++;
            Assert.Contains("No space left", Assert.IsType<CheckpointException>(e).Message, StringComparison.Ordinal);
            if (e.Message.Contains("complete and in place", StringComparison.Ordinal))
            {
                // Only the last flush, and only where the step back fails too.
                Assert.True(persistent && calls.Failed[0] == "FlushFolder" && n >= counter.Recorded.Count - 1);
                AssertHolds(2, "b", "c");
                continue;
            }

            Assert.Equal(exists ? ["m"] : [], folder.Names);
            if (exists)
                AssertHolds(1, "a", "b");
        }

        Assert.True(failures >= 11);
    }

    [Fact]
    public void WriteFolder_NothingCanBeRenamedBack_SaysWhereThePreviousFilesAre()
    {
        Prepare(exists: true);
        FaultyFileCalls counter = new() { CanExchange = false };
        DurableFile.WriteFolder(folder["m"], Files(2, "b"), counter);
        Prepare(exists: true);
        int second = counter.Recorded.IndexOf("Rename") + 2;
        FaultyFileCalls calls = new() { CanExchange = false, Persistent = true, FailAt = second };
        CheckpointException e = Assert.Throws<CheckpointException>(() => DurableFile.WriteFolder(folder["m"], Files(2, "b"), calls));
        string aside = Assert.Single(folder.Names);
        Assert.Contains($"the previous content is in '{folder[aside]}'", e.Message, StringComparison.Ordinal);
        Assert.Equal([1], File.ReadAllBytes(Path.Combine(folder[aside], "a")));
    }

    [Fact]
    public void WriteFolder_NameOrDestinationNotAllowed_Throws()
    {
        foreach (string name in new[] { "", "..", "../a", "a/b" })
            Assert.Throws<ArgumentException>(() => DurableFile.WriteFolder(folder["m"], Files(1, name)));
        File.WriteAllText(folder["file"], "");
        Assert.Throws<CheckpointException>(() => DurableFile.WriteFolder(folder["file"], Files(1, "a")));
        Assert.Throws<CheckpointException>(() => DurableFile.WriteFolder(folder["no/ne"], Files(1, "a")));
        Assert.Throws<CheckpointException>(() => DurableFile.WriteFolder("/", Files(1, "a")));
        Assert.Equal(["file"], folder.Names);
    }

    private static Dictionary<string, Action<Stream>> Files(byte content, params string[] names) =>
        names.ToDictionary(name => name, _ => (Action<Stream>)(stream => stream.WriteByte(content)));

    private void Prepare(bool exists)
    {
        foreach (string name in folder.Names)
            Directory.Delete(folder[name], recursive: true);
        if (exists)
            DurableFile.WriteFolder(folder["m"], Files(1, "a", "b"));
    }

    private void AssertHolds(byte content, params string[] names)
    {
        Assert.Equal(names, Directory.EnumerateFiles(folder["m"]).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
        Assert.All(names, name => Assert.Equal([content], File.ReadAllBytes(Path.Combine(folder["m"], name))));
    }
}
