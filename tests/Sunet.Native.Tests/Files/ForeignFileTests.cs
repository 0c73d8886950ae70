using System.IO.Compression;
using System.Text;
using Sunet.Native.Checkpoints;
using Sunet.Native.Models.Saved;
using Sunet.Native.Tests.Checkpoints;

namespace Sunet.Native.Tests.Files;

/// <summary>What is given as a checkpoint and is none is called what it is.</summary>
public sealed class ForeignFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("<!DOCTYPE html><html><body>Google Drive - Virus scan warning</body></html>", "it is a web page")]
    [InlineData("\uFEFF\r\n  <html lang=\"ü\"><head>", "it is a web page")]
    [InlineData("<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>", "it is a web page")]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n", "it is a Git LFS pointer")]
    [InlineData(
        "{\"metadata\": {\"total_size\": 1}, \"weight_map\": {\"w\": \"model-00001-of-00002.safetensors\"}}", "split over several files")]
    [InlineData("{\n  \"architectures\": [\"X\"]\n}", "it is a JSON text")]
    [InlineData("Entry not found\r\nsecond line", "it is a text and begins with 'Entry not found'.")]
    [InlineData("404: Not Found", "it is a text and begins with '404: Not Found'.")]
    public void Open_Text_SaysWhatItIs(string text, string said) => AssertSaid(Encoding.UTF8.GetBytes(text), said);

    [Theory]
    [InlineData("BZh91AY&SY", "bzip2")]
    [InlineData("\u00fd7zXZ\0\0\u0004", "xz")]
    [InlineData("\u0028\u00b5\u002f\u00fd\u0004", "zstd")]
    [InlineData("7z\u00bc\u00af\u0027\u001c\0\u0004", "7z")]
    [InlineData("Rar!\u001a\u0007\u0001\0", "RAR")]
    [InlineData("\u0089HDF\r\n\u001a\n\0\0", "HDF5")]
    [InlineData("\u0093NUMPY\u0001\0v\0", "NumPy")]
    [InlineData("GGUF\u0003\0\0\0", "GGUF")]
    [InlineData("\u0089PNG\r\n\u001a\n\0\0", "image")]
    [InlineData("\u00ff\u00d8\u00ff\u00e0\0\u0010JFIF", "image")]
    [InlineData("\u0008\u0008\u0012\u0007pytorch", "ONNX")]
    public void Open_OtherFormat_SaysWhichItIs(string bytes, string said) => AssertSaid(Encoding.Latin1.GetBytes(bytes), said);

    /// <summary>With a time of zero in its header, as build tools write it, and of a sound checkpoint.</summary>
    [Fact]
    public void Open_Gzip_SaysToUnpackIt()
    {
        using MemoryStream stream = new();
        using (GZipStream gzip = new(stream, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(Samples.Bytes());
        AssertSaid(stream.ToArray(), "it is compressed with gzip; unpack it first");
    }

    [Fact]
    public void Open_Folder_SaysSo() =>
        Assert.Contains("it is no file but a folder", Assert.Throws<CheckpointException>(() => CheckpointFile.Open(folder.Path)).Message,
            StringComparison.Ordinal);

    /// <summary>Lengths of headers whose first bytes are those of another format.</summary>
    [Theory]
    [InlineData(0x8b1f)] // gzip
    [InlineData(0x3c20)] // blank and '<'
    [InlineData(0x4b50)] // the beginning of a zip archive
    public void Open_SafetensorsThatBeginsAsAnotherFormat_IsRead(int headerBytes)
    {
        byte[] header = Encoding.UTF8.GetBytes("{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}".PadRight(headerBytes));
        File.WriteAllBytes(folder["a"], Samples.File(header, 4));
        using IStateDict file = CheckpointFile.Open(folder["a"]);
        Assert.Equal(["w"], file.Names);
    }

    private void AssertSaid(byte[] bytes, string said)
    {
        File.WriteAllBytes(folder["a"], bytes);
        string message = Assert.Throws<CheckpointException>(() => CheckpointFile.Open(folder["a"])).Message;
        Assert.StartsWith($"Checkpoint '{folder["a"]}' cannot be read: it is ", message, StringComparison.Ordinal);
        Assert.Contains(said, message, StringComparison.Ordinal);
    }
}
