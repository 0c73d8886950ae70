using Sunet.Native.Checkpoints;
using Sunet.Native.Models;
using Sunet.Native.Tensors;
using Sunet.Native.Tests.Checkpoints;
using Sunet.Native.Tests.Checkpoints.PyTorch;
using Sunet.Native.Tests.Files;

namespace Sunet.Native.Tests.Models;

/// <summary>Networks in files that have them as a part of something else, or several of them.</summary>
public sealed class WeightSelectionTests : IDisposable
{
    private static readonly SunetModel First = SunetModel.Create(SunetSpecTests.Tiny, seed: 1);
    private static readonly SunetModel Second = SunetModel.Create(SunetSpecTests.Tiny, seed: 2);

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("module.")]
    [InlineData("model.")]
    [InlineData("net.")]
    [InlineData("_orig_mod.")]
    [InlineData("module._orig_mod.model.")]
    [InlineData("model.net.module.")]
    public void Open_UsualPrefix_IsLeftOutInBothFormats(string prefix)
    {
        foreach (string path in new[] { Safetensors((prefix, First)), Pickled((prefix, First)) })
        {
            using SunetModelFile file = SunetModelFile.Open(path);
            AssertIs(First, SunetModel.Load(file));
            Assert.Equal(prefix, file.Prefix);
            Assert.Empty(file.Notes);
        }
    }

    [Theory]
    [InlineData("student.", "the weights are those whose names begin with 'student.'")]
    [InlineData("wrapped.body.", "the weights are those whose names begin with 'wrapped.body.'")]
    public void Open_OtherPrefix_IsLeftOutWithANote(string prefix, string note)
    {
        using SunetModelFile file = SunetModelFile.Open(Safetensors((prefix, First)));
        AssertIs(First, SunetModel.Load(file));
        Assert.Equal([note], file.Notes);
    }

    [Theory]
    [InlineData("model.", "ema_model.", "'model.'; '{0}' also has 'ema_model.'")]
    [InlineData("", "ema.", "no prefix; '{0}' also has 'ema.'")]
    [InlineData("model.", "model.ema.", "'model.'; '{0}' also has 'model.ema.'")]
    public void Open_SetsOfSeveralPrefixes_TakesTheUsualOneWithANote(string prefix, string other, string note)
    {
        string path = Safetensors((other, Second), (prefix, First));
        using SunetModelFile file = SunetModelFile.Open(path);
        AssertIs(First, SunetModel.Load(file));
        Assert.Equal([$"the weights are those whose names begin with {note.Replace("{0}", path, StringComparison.Ordinal)}"], file.Notes);
        AssertIs(Second, SunetModel.Load(path, new WeightsSelection(Prefix: other)));
        AssertIs(Second, SunetModel.Load(path, new WeightsSelection(Prefix: other.TrimEnd('.'))));
    }

    [Fact]
    public void Load_SetsOfPrefixesOfWhichNoneIsUsual_ListsThem()
    {
        string path = Safetensors(("teacher.", First), ("student.", Second));
        Assert.Contains("several sets of weights, whose names begin with 'teacher.', 'student.'; name one",
            Assert.Throws<CheckpointException>(() => SunetModel.Load(path)).Message, StringComparison.Ordinal);
        AssertIs(Second, SunetModel.Load(path, new WeightsSelection(Prefix: "student")));
        Assert.Contains("no network's names begin with 'pupil.', but with 'teacher.', 'student.'",
            Assert.Throws<CheckpointException>(() => SunetModel.Load(path, new WeightsSelection(Prefix: "pupil"))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Load_EntryAndPrefix_TakesThatSet()
    {
        string path = Pickled(("module.", First), ("ema_model.module.", Second));
        AssertIs(First, SunetModel.Load(path, new WeightsSelection("state_dict")));
        AssertIs(Second, SunetModel.Load(path, new WeightsSelection("state_dict", "ema_model")));
        Assert.Contains("no weights in an entry 'model'",
            Assert.Throws<CheckpointException>(() => SunetModel.Load(path, new WeightsSelection("model"))).Message,
            StringComparison.Ordinal);
    }

    /// <summary>Buffers of AveragedModel, thop and others, and what a wrapper has beside the network.</summary>
    [Fact]
    public void Open_CountersOfTools_AreNotNeeded()
    {
        string[] counters =
            ["n_averaged", "total_ops", "total_params", "module.features.conv1.total_ops", "module.features.bn2.num_batches_tracked"];
        using SunetModelFile file = SunetModelFile.Open(Safetensors([("module.", First)], [.. counters.Select(c => (c, new int[] { 1 }))]));
        AssertIs(First, SunetModel.Load(file));
        Assert.Empty(file.Notes);

        string path = Safetensors([("module.", First)], [("metric.confusion", [3, 3]), ("n_averaged", [])]);
        using SunetModelFile other = SunetModelFile.Open(path);
        Assert.Equal(["1 other tensors are not read: 'metric.confusion'"], other.Notes);
    }

    /// <summary>Within the network itself nothing is passed over that could be a layer.</summary>
    [Fact]
    public void Load_UnknownTensorWithinTheNetwork_IsRefused()
    {
        foreach ((string name, int[] size) in new (string, int[])[] { ("module.extra.weight", [1]), ("module.features.conv1.steps", [2]) })
        {
            string path = Safetensors([("module.", First)], [(name, size)]);
            Assert.Contains($"1 tensors are not known ({name["module.".Length..]})",
                Assert.Throws<CheckpointException>(() => SunetModel.Load(path)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Open_ConfigurationOfAnotherProgramBeside_IsNoted()
    {
        string path = Safetensors(("", First));
        File.WriteAllText(folder["config.json"], "{\"num_classes\": 99, \"output_stride\": 8}");
        using SunetModelFile file = SunetModelFile.Open(path);
        AssertIs(First, SunetModel.Load(file));
        Assert.Equal(16, file.Spec.OutputStride);
        Assert.Equal(
            [$"'{folder["config.json"]}' is another program's, so that the network is inferred from the names and shapes of its tensors"],
            file.Notes);
    }

    private static void AssertIs(SunetModel expected, SunetModel actual) =>
        Assert.All(expected.Names, n => Assert.True(expected.Read(n).SequenceEqual(actual.Read(n)), n));

    private string Safetensors(params (string Prefix, SunetModel Model)[] sets) => Safetensors(sets, []);

    private string Safetensors((string Prefix, SunetModel Model)[] sets, (string Name, int[] Size)[] more)
    {
        IEnumerable<SafetensorsTensor> tensors = sets.SelectMany(s => s.Model.Names.Select(n =>
            SafetensorsTensor.Floats(s.Prefix + n, s.Model.ShapeOf(n).ToArray(), s.Model.Read(n).ToArray())));
        SafetensorsWriter.Write(folder["a.safetensors"], Samples.NoMetadata,
            [.. tensors, .. more.Select(m => new SafetensorsTensor(m.Name, DataType.Float32, m.Size, destination => destination.Clear()))]);
        return folder["a.safetensors"];
    }

    /// <summary>All sets in one entry of a file of torch.save.</summary>
    private string Pickled(params (string Prefix, SunetModel Model)[] sets)
    {
        float[] elements = [.. sets.SelectMany(s => s.Model.Names.SelectMany(n => s.Model.Read(n).ToArray()))];
        PickleBuilder pickle = new PickleBuilder().Op("\x80\x02}").Text("state_dict").StateDict(elements.Length, 0,
            sets.SelectMany(s => s.Model.Names.Select(n => (s.Prefix + n, s.Model.ShapeOf(n).ToArray()))));
        File.WriteAllBytes(folder["a.pth"], pickle.Op("s.").ToFile(elements));
        return folder["a.pth"];
    }
}
