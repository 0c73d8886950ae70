using Sunet.Native.Models;
using Sunet.Native.Models.Saved;
using Sunet.Native.Tests.Checkpoints.PyTorch;
using Sunet.Native.Tests.Files;

namespace Sunet.Native.Tests.Models;

public sealed class SunetModelFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly System.Collections.Concurrent.ConcurrentQueue<Exception?> failures = new();

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
        Assert.Contains(
            "final.conv1.weight", Assert.Throws<CheckpointException>(() => SunetModelFile.Open(path)).Message, StringComparison.Ordinal);
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

    /// <summary>Predictors compile when they like, so that several read one file at a time.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Read_ManyThreads_HaveTheElements(bool pickled)
    {
        string path = PyTorchFixtures.Save(PyTorchFixtures.Segmenter, folder);
        SunetModel model = SunetModel.Load(path);
        if (!pickled)
            model.Save(path = folder["model.safetensors"]);
        for (int round = 0; round < 20; round++)
        {
            using SunetModelFile file = SunetModelFile.Of(CheckpointFile.Open(path), prefix: null); // none is kept yet
            using var start = new Barrier(4);
            Thread[] threads = [.. Enumerable.Range(0, 4).Select(t => new Thread(() => failures.Enqueue(Compare(file, model, start, t))))];
            Array.ForEach(threads, t => t.Start());
            Array.ForEach(threads, t => t.Join());
        }

        Assert.Equal(80, failures.Count);
        Assert.All(failures, Assert.Null);
    }

    /// <summary>Compares every tensor, from another one on for each thread.</summary>
    private static Exception? Compare(SunetModelFile file, SunetModel model, Barrier start, int thread) => Record.Exception(() =>
    {
        start.SignalAndWait();
        for (int i = 0; i < model.Names.Count; i++)
        {
            string name = model.Names[(i + (thread * model.Names.Count / 7)) % model.Names.Count];
            Assert.True(model.Read(name).SequenceEqual(file.Read(name)), name);
        }
    });
}
