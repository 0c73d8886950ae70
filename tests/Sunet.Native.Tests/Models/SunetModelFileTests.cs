using Sunet.Native.Checkpoints;
using Sunet.Native.Models;
using Sunet.Native.Tests.Checkpoints;

namespace Sunet.Native.Tests.Models;

public sealed class SunetModelFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(PyTorchFixtures.Classifier)]
    [InlineData(PyTorchFixtures.Segmenter)]
    public void Read_EitherFormatInAnyOrder_IsWhatTheLoadedModelHas(string fixture)
    {
        string pickled = PyTorchFixtures.Save(fixture, folder), saved = folder["model.safetensors"];
        SunetModel model = SunetModel.Load(pickled);
        model.Save(saved);
        foreach (string path in new[] { pickled, saved })
        {
            using SunetModelFile file = SunetModelFile.Open(path);
            Assert.Equal((model.Spec.Head, model.Spec.OutputStride), (file.Spec.Head, file.Spec.OutputStride));
            foreach (string name in model.Names.Concat(model.Names.Reverse()))
                Assert.True(file.Read(name).SequenceEqual(model.Read(name)), $"{name} of {path}");
        }
    }

    [Fact]
    public void Read_FileReplacedByAnother_StaysTheOneThatWasOpened()
    {
        string path = folder["model.safetensors"];
        SunetModel first = SunetModel.Create(SunetSpecTests.Tiny, seed: 1), second = SunetModel.Create(SunetSpecTests.Tiny, seed: 2);
        first.Save(path);
        using SunetModelFile file = SunetModelFile.Open(path);
        second.Save(path);
        Assert.All(first.Names, n => Assert.True(file.Read(n).SequenceEqual(first.Read(n)), n));
        Assert.Contains(first.Names, n => !second.Read(n).SequenceEqual(first.Read(n)));
    }

    [Fact]
    public void Open_AnotherOutputStride_IsThatOfTheSpecAlone()
    {
        string path = folder["model.safetensors"];
        SunetModel.Create(SunetSpecTests.Tiny).Save(path);
        using SunetModelFile file = SunetModelFile.Open(path, outputStride: 8);
        Assert.Equal(8, file.Spec.OutputStride);
        Assert.Throws<ConfigurationException>(() => SunetModelFile.Open(path, outputStride: 12));
    }

    [Fact]
    public void Open_TensorMissing_NamesIt()
    {
        string path = folder["model.safetensors"];
        SunetModel.Create(SunetSpecTests.Tiny).Save(path);
        byte[] bytes = File.ReadAllBytes(path);
        int at = bytes.AsSpan().IndexOf("\"final.conv1.weight\""u8);
        bytes[at + 1] = (byte)'X';
        File.WriteAllBytes(path, bytes);
        Assert.Contains("final.conv1.weight", Assert.Throws<CheckpointException>(() => SunetModelFile.Open(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_UnknownOrClosed_SaysSo()
    {
        string path = folder["model.safetensors"];
        SunetModel.Create(SunetSpecTests.Tiny).Save(path);
        SunetModelFile file = SunetModelFile.Open(path);
        Assert.Throws<ArgumentException>(() => file.Read("nonsense"));
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => file.Read("final.conv1.weight"));
    }
}
