using System.IO.Compression;
using Sunet.Native.Models;
using Sunet.Native.Tests.Checkpoints.PyTorch;
using Sunet.Native.Tests.Files;

namespace Sunet.Native.Tests.Models;

/// <summary>Models in streams, as blobs of a database or entries of an archive are.</summary>
public sealed class ModelStreamTests : IDisposable
{
    private readonly SunetModel model =
        SunetModel.Create(SunetSpecTests.Tiny with { OutputStride = 8, ClassNames = ["a", "b", "c"] }, seed: 6);
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>From where it stands, and to the bytes that a file would have.</summary>
    [Fact]
    public void SaveLoad_StreamThatSeeks_IsTheSameModel()
    {
        using MemoryStream stream = new();
        stream.Write([1, 2, 3]);
        model.Save(stream, new Dictionary<string, string> { ["note"] = "kept" });
        model.Save(folder["a.safetensors"], new Dictionary<string, string> { ["note"] = "kept" });
        Assert.Equal(File.ReadAllBytes(folder["a.safetensors"]), stream.ToArray()[3..]);

        stream.Position = 3;
        AssertSame(SunetModel.Load(stream));
        Assert.Equal(stream.Length, stream.Position);
        Assert.True(stream.CanRead);
    }

    [Fact]
    public void SaveLoad_StreamThatDoesNotSeek_IsTheSameModel()
    {
        using MemoryStream packed = new();
        using (GZipStream gzip = new(packed, CompressionLevel.Fastest, leaveOpen: true))
            model.Save(gzip);
        packed.Position = 0;
        using GZipStream unpacked = new(packed, CompressionMode.Decompress);
        AssertSame(SunetModel.Load(unpacked));
    }

    [Theory]
    [InlineData(PyTorchFixtures.Segmenter)]
    [InlineData(PyTorchFixtures.Classifier)]
    public void Load_StreamOfPyTorch_IsTheModelOfTheFile(string fixture)
    {
        using MemoryStream stream = new(PyTorchFixtures.Bytes(fixture));
        SunetModel loaded = SunetModel.Load(stream), expected = SunetModel.Load(PyTorchFixtures.Save(fixture, folder));
        Assert.All(expected.Names, n => Assert.True(expected.Read(n).SequenceEqual(loaded.Read(n)), n));
    }

    [Fact]
    public void Load_StreamThatIsDamagedOrEmpty_IsRefused()
    {
        model.Save(folder["a.safetensors"]);
        byte[] bytes = File.ReadAllBytes(folder["a.safetensors"]);
        foreach (byte[] content in new[] { [], bytes[..^1], bytes[..100], [.. bytes, 0] })
        {
            using MemoryStream stream = new(content);
            Assert.Contains("'(stream)' is damaged", Assert.Throws<CheckpointException>(() => SunetModel.Load(stream)).Message,
                StringComparison.Ordinal);
        }
    }

    private void AssertSame(SunetModel loaded)
    {
        Assert.Equal(model.Spec.ClassNames, loaded.Spec.ClassNames);
        Assert.Equal(8, loaded.Spec.OutputStride);
        Assert.All(model.Names, n => Assert.True(model.Read(n).SequenceEqual(loaded.Read(n)), n));
    }
}
