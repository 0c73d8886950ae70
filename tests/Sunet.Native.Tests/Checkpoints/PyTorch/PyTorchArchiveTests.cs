using System.Buffers.Binary;
using System.IO.Compression;
using Sunet.Native.Checkpoints.PyTorch;
using Sunet.Native.Models.Saved;
using Sunet.Native.Tests.Files;

namespace Sunet.Native.Tests.Checkpoints.PyTorch;

/// <summary>Archives that differ from what torch.save writes by default, and hold the same.</summary>
public sealed class PyTorchArchiveTests : IDisposable
{
    private static readonly byte[] Pickle = new PickleBuilder().Op("\x80\x02").StateDict(4, 0, [("v", [2]), ("w", [2])]).Op(".").ToArray();
    private static readonly byte[] Data = [0, 0, 128, 63, 0, 0, 0, 64, 0, 0, 64, 64, 0, 0, 128, 64];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Read_WithoutChecksums_HasTheElements() => AssertRead(Archive.WithoutChecksums(Archive.Of(Files)));

    [Theory]
    [InlineData("made by hand", "")]
    [InlineData("", "\n")]
    [InlineData("a comment", "\0\0\0\0")]
    public void Read_CommentOrBytesBehindTheArchive_HasTheElements(string comment, string behind)
    {
        byte[] archive = Archive.Of(Files);
        BinaryPrimitives.WriteUInt16LittleEndian(archive.AsSpan(archive.Length - 2), (ushort)comment.Length);
        AssertRead([.. archive, .. System.Text.Encoding.Latin1.GetBytes(comment + behind)]);
    }

    [Fact]
    public void Read_FoldersAndWhatMacOSAdds_HasTheElements() => AssertRead(Archive.Of(
        [("a/", []), ("__MACOSX/", []), ("__MACOSX/._a", [1]), ("a/data/", []), .. Files, ("a/.DS_Store", [2])]));

    [Theory]
    [InlineData(CompressionLevel.Fastest)]
    [InlineData(CompressionLevel.SmallestSize)]
    public void Read_DeflatedEntries_HasTheElements(CompressionLevel level)
    {
        AssertRead(Archive.Of(level, Files));
        AssertRead(Archive.WithoutChecksums(Archive.Of(level, Files)));
    }

    /// <summary>Of an entry that unpacks to less or more than the directory says, or to other bytes, nothing is used.</summary>
    [Theory]
    [InlineData(-4)]
    [InlineData(4)]
    public void Open_DeflatedPickleOfAnotherSizeThanDeclared_IsRefused(int difference)
    {
        byte[] archive = Archive.WithoutChecksums(Archive.Of(CompressionLevel.SmallestSize, Files));
        int header = Archive.Headers(archive, 1).First();
        int bytes = BinaryPrimitives.ReadInt32LittleEndian(archive.AsSpan(header + 24));
        BinaryPrimitives.WriteInt32LittleEndian(archive.AsSpan(header + 24), bytes + difference);
        File.WriteAllBytes(folder["a"], archive);
        Assert.Contains($"does not unpack to {bytes + difference} bytes",
            Assert.Throws<CheckpointException>(() => CheckpointFile.Open(folder["a"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_DamagedDeflatedStorage_IsFound()
    {
        byte[] archive = Archive.Of(CompressionLevel.SmallestSize, Files);
        int header = Archive.Headers(archive, 3).Last();
        int data = header + 30 + BinaryPrimitives.ReadUInt16LittleEndian(archive.AsSpan(header + 26));
        archive[data] = 7; // a block of no kind
        File.WriteAllBytes(folder["a"], archive);
        using (PyTorchFile file = PyTorchFile.Open(folder["a"]))
        {
            Assert.Contains(
                "well compressed", Assert.Throws<CheckpointException>(() => file.Read<float>("w")).Message, StringComparison.Ordinal);
        }

        archive = Archive.Of(CompressionLevel.SmallestSize, Files);
        archive.AsSpan(Archive.Headers(archive, 1).Last() + 16, 4).Fill(1); // another checksum
        File.WriteAllBytes(folder["a"], archive);
        using PyTorchFile other = PyTorchFile.Open(folder["a"]);
        Assert.Contains("checksum", Assert.Throws<CheckpointException>(() => other.Read<float>("w")).Message, StringComparison.Ordinal);
    }

    /// <summary>Zeros take no space when they are compressed, and would when they are unpacked.</summary>
    [Fact]
    public void Open_BombsOfZeros_AreRefusedBeforeTheyAreUnpacked()
    {
        const int Count = 12 << 20;
        byte[] pickle = new PickleBuilder().Op("\x80\x02").StateDict(Count, 0, [("w", [2])]).Op(".").ToArray();
        AssertRefusedCheaply(
            Archive.Of(CompressionLevel.SmallestSize, ("a/data.pkl", pickle), ("a/data/0", new byte[4 * Count])), "would take");
        AssertRefusedCheaply(
            Archive.Of(CompressionLevel.SmallestSize, ("a/data.pkl", new byte[50_000_000])), "compressed from 50000000 bytes");

        byte[] lie = Archive.Of(CompressionLevel.SmallestSize, Files);
        BinaryPrimitives.WriteInt32LittleEndian(lie.AsSpan(Archive.Headers(lie, 1).First() + 24), 10_000_000);
        AssertRefusedCheaply(lie, "outside the archive");
    }

    private static (string Name, byte[] Content)[] Files => [("a/data.pkl", Pickle), ("a/data/0", Data)];

    private void AssertRefusedCheaply(byte[] archive, string said)
    {
        File.WriteAllBytes(folder["a"], archive);
        long before = GC.GetAllocatedBytesForCurrentThread();
        string message = Assert.Throws<CheckpointException>(() => CheckpointFile.Open(folder["a"])).Message;
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 << 20);
        Assert.Contains(said, message, StringComparison.Ordinal);
    }

    private void AssertRead(byte[] archive)
    {
        File.WriteAllBytes(folder["a"], archive);
        using PyTorchFile file = PyTorchFile.Open(folder["a"]);
        Assert.Equal(["v", "w"], file.Names);
        Assert.Equal([3f, 4], file.Read<float>("w"));
        Assert.Equal([1f, 2], file.Read<float>("v"));
    }
}
