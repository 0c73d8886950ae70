using System.Diagnostics;
using Sunet.Native.Checkpoints.PyTorch;
using Sunet.Native.Models.Saved;
using Sunet.Native.Tests.Files;

namespace Sunet.Native.Tests.Checkpoints.PyTorch;

/// <summary>What stands beside the weights in a file of torch.save: skipped, whatever it is, and never executed.</summary>
public sealed class OpaquePickleTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>Each as Python's pickler writes it, of protocol 2, 4 or 5.</summary>
    [Theory]
    [InlineData("cpathlib\nPosixPath\nX\x01\0\0\0aX\x01\0\0\0b\x86R")]
    [InlineData("cdatetime\ndatetime\nC\n0123456789\x85R")]
    [InlineData("ccollections\ndeque\n)K\x07\x86R(K\x01K\x02\x65")]
    [InlineData("\x8f(K\x01K\x02\x90")]
    [InlineData("(K\x01K\x02\x91")]
    [InlineData("c__builtin__\nset\n](K\x01\x65\x85R")]
    [InlineData("ctorch.torch_version\nTorchVersion\nX\x03\0\0\0" + "2.6\x85\x81}b")]
    [InlineData("\x8c\x0byacs.config\x8c\x07" + "CfgNode\x93)\x81(X\x01\0\0\0aK\x01u}X\x01\0\0\0bK\x02sb")]
    [InlineData("\x8c\x06module\x8c\x04Name\x93)}\x92")]
    [InlineData("ctorch\nint16\n")]
    [InlineData("ccopyreg\n_reconstructor\ncmodule\nName\nc__builtin__\nobject\nN\x87R}b")]
    [InlineData("(cmodule\nName\nK\x01o}b")]
    [InlineData("(K\x01imodule\nName\n}b")]
    [InlineData("X\x04\0\0\0a\xed\xb2\x80")] // a byte of a file's name that is no text
    [InlineData("\x8b\x04\0\0\0\x01\x02\x03\x04")]
    [InlineData("\x8d\x01\0\0\0\0\0\0\0a")]
    [InlineData("\x8e\x01\0\0\0\0\0\0\0a")]
    [InlineData("\x96\x01\0\0\0\0\0\0\0a")]
    [InlineData("(K\x01K\x02K\x03K\x04" + "1N")] // POP_MARK, of a tuple within itself
    public void Open_BesideTheWeights_IsSkipped(string opcodes)
    {
        foreach (string before in new[] { "", opcodes })
        {
            PickleBuilder pickle = new PickleBuilder().Op("\x80\x04}(").Text("beside").Op(before.Length > 0 ? before : "N")
                .Text("state_dict").StateDict(2, 0, [("w", [2])]).Text("behind").Op(opcodes).Op("u.");
            using PyTorchFile file = Open(pickle, 1, 2);
            Assert.Equal(["w"], file.Names);
            Assert.Equal([1f, 2], file.Read<float>("w"));
        }
    }

    /// <summary>
    /// OneCycleLR's own function as one of its attributes: pickled while the scheduler is, and thrown away for the copy that came first.
    /// </summary>
    [Fact]
    public void Open_MethodOfTheSchedulerItIsIn_IsSkipped()
    {
        PickleBuilder pickle = new PickleBuilder().Op("\x80\x02}(").Text("scheduler")
            .Global("__builtin__", "getattr").Op("q\x01").Global("torch.optim.lr_scheduler", "OneCycleLR").Op(")\x81q\x02}")
            .Text("anneal_func").Op("h\x01h\x02").Text("_annealing_cos").Op("\x86Rq\x03sb")
            .Text("_annealing_cos").Op("\x86R0h\x03")
            .Text("model").StateDict(2, 0, [("w", [2])]).Op("u.");
        using PyTorchFile file = Open(pickle, 1, 2);
        Assert.Equal([1f, 2], file.Read<float>("w"));
    }

    /// <summary>A function of PyTorch that is not on the list makes no tensor, nor does a listed one of a storage that is not.</summary>
    [Theory]
    [InlineData("_rebuild_tensor_v3", "FloatStorage")]
    [InlineData("_rebuild_qtensor", "FloatStorage")]
    [InlineData("_rebuild_from_type_v2", "FloatStorage")]
    [InlineData("_rebuild_tensor_v2", "ComplexFloatStorage")]
    [InlineData("_rebuild_tensor_v2 ", "FloatStorage")]
    public void Open_TensorOfAnotherFunctionOrStorage_IsNone(string function, string storage)
    {
        PickleBuilder pickle = new PickleBuilder().Op("\x80\x02}(").Text("odd").Global("torch._utils", function).Op("((").Text("storage")
            .Global("torch", storage).Text("1").Text("cpu").Number(1).Op("tQK\0K\x01\x85K\x01\x85\x89}tR")
            .Text("parameter").Global("torch._utils", "_rebuild_parameter").Global("torch._utils", "_rebuild_qtensor").Op(")R\x88}\x87R")
            .Text("w").Tensor(2, [2], [1]).Op("u.");
        byte[] ones = [0, 0, 128, 63, 0, 0, 128, 63];
        File.WriteAllBytes(folder["a"], Archive.Of(("a/data.pkl", pickle.ToArray()), ("a/data/0", ones), ("a/data/1", ones[..4])));
        using PyTorchFile file = PyTorchFile.Open(folder["a"]);
        Assert.Equal(["w"], file.Names);
        Assert.Equal([1f, 1], file.Read<float>("w"));
    }

    [Fact]
    public void Open_StorageOfUnknownSizeInTheOlderFormat_IsRefusedByName()
    {
        PickleBuilder pickle = new PickleBuilder().Op("\x80\x02}(").Text("odd").Op("(")
            .Text("storage").Global("torch", "ComplexFloatStorage")
            .Text("1").Text("cpu").Number(1).Op("NtQ").Text("w").Tensor(2, [2], [1]).Op("u.");
        Assert.Contains("storages of 'torch.ComplexFloatStorage'", Refuse(pickle.ToFile(1, 2)), StringComparison.Ordinal);
    }

    /// <summary>Nothing that a file calls is looked up, so that nothing can happen; the values it is given are dropped.</summary>
    [Fact]
    public void Open_CallsBesideTheWeights_RunNothing()
    {
        PickleBuilder pickle = new PickleBuilder().Op("\x80\x02}(")
            .Text("evil").Global("posix", "system").Text($"touch '{folder["marker"]}'")
            .Op("\x85R").Text("again").Global("builtins", "eval").Text("1").Op("\x85R)R").Text("w").Tensor(2, [2], [1]).Op("u.");
        Open(pickle, 1, 2).Dispose();
        Assert.Equal(["a"], folder.Names);
    }

    [Fact]
    public void Open_ObjectInPlaceOfAStateDict_IsNamed()
    {
        PickleBuilder whole = new PickleBuilder().Op("\x80\x02").Global("sunet", "SUNet").Op(")\x81}b.");
        PickleBuilder entry = new PickleBuilder().Op("\x80\x02}(").Text("model").Global("sunet", "SUNet").Op(")\x81}b")
            .Text("epoch").Op("K\x01u.");
        Assert.Contains("'sunet.SUNet' is not allowed", Refuse(whole.ToFile()), StringComparison.Ordinal);
        Assert.Contains(
            "its entries are 'model' (an object of 'sunet.SUNet'), 'epoch'", Refuse(entry.ToFile()), StringComparison.Ordinal);
    }

    /// <summary>Numbers, and a dictionary a step, of more than a quarter of a million steps.</summary>
    [Theory]
    [InlineData("G\0\0\0\0\0\0\0\0", 600_000)]
    [InlineData("}(h\x01K\x01h\x02G\0\0\0\0\0\0\0\0u", 120_000)]
    [InlineData("X\x08\0\0\0" + "12345678", 300_000)]
    [InlineData("cmodule\nRecord\n(K\x01K\x02t\x81", 200_000)]
    public void Open_LongHistory_IsRead(string record, int count)
    {
        string records = string.Concat(Enumerable.Repeat("(" + string.Concat(Enumerable.Repeat(record, 1000)) + "e", count / 1000));
        PickleBuilder pickle = new PickleBuilder().Op("\x80\x02}(")
            .Text("iteration").Op("q\x01").Text("loss").Op("q\x02").Text("history").Op("]")
            .Op(records).Text("w").Tensor(2, [2], [1]).Op("u.");
        File.WriteAllBytes(folder["a"], pickle.ToFile(1, 2));
        AssertCheap(() => PyTorchFile.Open(folder["a"]).Dispose());
    }

    /// <summary>Long names and texts that are remembered and used over and over, as globals, keys of storages and entries.</summary>
    [Theory]
    [InlineData("(", "h\0h\0\x93", "t.")]
    [InlineData("(", "(h\x01h\x02h\0h\x01K\x01tQ", "t.")]
    [InlineData("}(", "h\0}(h\0}u", "u.")]
    [InlineData("(", "cmodule\nx\nh\0\x85R", "t.")]
    [InlineData("(", "cm\nx\n0", "t.")]
    public void Open_LongTextUsedOverAndOver_StaysWithinItsBounds(string first, string repeated, string last)
    {
        string uses = string.Concat(Enumerable.Repeat(repeated, 200_000));
        PickleBuilder pickle = new PickleBuilder().Op("\x80\x02").Text(new string('x', 1_000_000)).Op("q\0").Text("storage").Op("q\x01")
            .Global("torch", "FloatStorage").Op("q\x02" + "000").Op(first).Op(uses).Op(last);
        File.WriteAllBytes(folder["a"], pickle.ToFile());
        AssertCheap(() => Assert.Throws<CheckpointException>(() => PyTorchFile.Open(folder["a"])));
    }

    private void AssertCheap(Action open)
    {
        long before = GC.GetAllocatedBytesForCurrentThread(), start = Stopwatch.GetTimestamp();
        open();
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.InRange(allocated, 0, (64L << 20) + (2 * new FileInfo(folder["a"]).Length));
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromMinutes(1), "it does not end"); // against hours, not for speed
    }

    private PyTorchFile Open(PickleBuilder pickle, params float[] elements)
    {
        File.WriteAllBytes(folder["a"], pickle.ToFile(elements));
        return PyTorchFile.Open(folder["a"]);
    }

    private string Refuse(byte[] bytes)
    {
        File.WriteAllBytes(folder["a"], bytes);
        return Assert.Throws<CheckpointException>(() => CheckpointFile.Open(folder["a"])).Message;
    }
}
