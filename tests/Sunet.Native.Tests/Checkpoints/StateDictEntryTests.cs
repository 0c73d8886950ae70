using Sunet.Native.Checkpoints;
using Sunet.Native.Checkpoints.PyTorch;
using Sunet.Native.Models.Saved;
using Sunet.Native.Tests.Checkpoints.PyTorch;
using Sunet.Native.Tests.Files;

namespace Sunet.Native.Tests.Checkpoints;

/// <summary>Which of the dictionaries in a file of torch.save is taken for the weights.</summary>
public sealed class StateDictEntryTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>Sets are numbered in their order, and have their number as the element of every tensor.</summary>
    [Theory]
    [InlineData("state_dict state_dict_ema", null, 0, "state_dict", "state_dict_ema")]
    [InlineData("state_dict_ema state_dict", null, 1, "state_dict", "state_dict_ema")]
    [InlineData("model_ema model", null, 1, "model", "model_ema")]
    [InlineData("model", null, 0, "model", "")]
    [InlineData("ema.shadow model.state_dict", null, 1, "model.state_dict", "ema.shadow")]
    [InlineData("anything", null, 0, "anything", "")]
    [InlineData("checkpoint.net", null, 0, "checkpoint.net", "")]
    [InlineData("state_dict state_dict_ema", "state_dict_ema", 1, "state_dict_ema", "state_dict")]
    [InlineData("ema.shadow model", "ema.shadow", 0, "ema.shadow", "model")]
    [InlineData("ema.shadow model", "ema", 0, "ema.shadow", "model")]
    [InlineData("generator discriminator", "discriminator", 1, "discriminator", "generator")]
    public void Open_Entries_TakesTheOneThatIsMeantAndTellsTheOthers(string entries, string? wanted, int taken, string entry, string others)
    {
        using PyTorchFile file = PyTorchFile.Open(Save(entries.Split(' ')), wanted);
        Assert.Equal((float)taken, file.Read<float>("b")[1]);
        Assert.Equal(entry, file.Entry);
        Assert.Equal(others.Split(' ', StringSplitOptions.RemoveEmptyEntries), file.OtherEntries);
    }

    [Fact]
    public void Open_SeveralEntriesAndNoneUsual_ListsThem() =>
        Assert.Contains(
            "several sets of weights, in the entries 'generator', 'discriminator'; name one", Refuse(Save(["generator", "discriminator"])),
            StringComparison.Ordinal);

    [Fact]
    public void Open_EntryThatIsNotThere_ListsThoseThatAre()
    {
        string path = Save(["state_dict", "ema.shadow"]);
        string message = Assert.Throws<CheckpointException>(() => CheckpointFile.Open(path, "swa")).Message;
        Assert.Contains("no weights in an entry 'swa'; it has some in 'state_dict', 'ema.shadow'", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_EntryOfASafetensorsFile_IsRefused()
    {
        SafetensorsWriter.Write(folder["a.safetensors"], Samples.NoMetadata, Samples.Tensors);
        string message = Assert.Throws<CheckpointException>(() => CheckpointFile.Open(folder["a.safetensors"], "model")).Message;
        Assert.Contains("which alone has entries such as 'model'", message, StringComparison.Ordinal);
    }

    /// <summary>A state of the generator of random numbers, a score and the weights of a loss are no sets of weights.</summary>
    [Fact]
    public void Open_LooseTensorsBesideTheSet_AreNoSet()
    {
        PickleBuilder pickle = new PickleBuilder().Op("\x80\x02}(").Text("best").Tensor(6, [], []).Text("class_weights").Tensor(6, [2], [1])
            .Text("net_g").StateDict(6, 0, [("a", [2]), ("b", [2]), ("c", [2])]).Text("loss").StateDict(6, 0, [("weight", [2])]).Op("u.");
        File.WriteAllBytes(folder["a"], pickle.ToFile(0, 1, 2, 3, 4, 5));
        using PyTorchFile file = PyTorchFile.Open(folder["a"]);
        Assert.Equal(("net_g", 0), (file.Entry, file.OtherEntries.Count));
        Assert.Equal(["a", "b", "c"], file.Names);
    }

    /// <summary>Dictionaries that have one another, and more of them than can be looked at one by one.</summary>
    [Fact]
    public void Open_EntriesWithinThemselves_EndsAndFindsTheSet()
    {
        string nested = string.Concat(Enumerable.Repeat("}", 20_000)), keys = string.Concat(Enumerable.Repeat("X\x01\0\0\0k}", 20_000));
        PickleBuilder pickle = new PickleBuilder().Op("\x80\x02}q\x01(").Text("self").Op("h\x01")
            .Text("model").StateDict(2, 0, [("w", [2])])
            .Text("many").Op("}(" + keys + "u").Text("list").Op("](" + nested + "eu.");
        File.WriteAllBytes(folder["a"], pickle.ToFile(1, 2));
        using PyTorchFile file = PyTorchFile.Open(folder["a"]);
        Assert.Equal("model", file.Entry);
    }

    private string Refuse(string path) => Assert.Throws<CheckpointException>(() => CheckpointFile.Open(path)).Message;

    private string Save(string[] entries)
    {
        float[] elements = [.. Enumerable.Range(0, entries.Length).SelectMany(i => Enumerable.Repeat((float)i, 4))];
        PickleBuilder pickle = new PickleBuilder().Op("\x80\x02}(").Text("epoch").Op("K\x03");
        for (int i = 0; i < entries.Length; i++)
        {
            string[] keys = entries[i].Split('.');
            pickle.Text(keys[0]);
            if (keys.Length > 1)
                pickle.Op("}").Text(keys[1]);
            pickle.StateDict(elements.Length, 4 * i, [("a", [2]), ("b", [2])]).Op(keys.Length > 1 ? "s" : "");
        }

        File.WriteAllBytes(folder["a.pth"], pickle.Op("u.").ToFile(elements));
        return folder["a.pth"];
    }
}
