using System.IO.Compression;
using Sunet.Native.Checkpoints;
using Sunet.Native.Checkpoints.PyTorch;
using Sunet.Native.Models.Saved;
using Sunet.Native.Tests.Files;

namespace Sunet.Native.Tests.Checkpoints.PyTorch;

public sealed class HostilePyTorchTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(PyTorchFixtures.TensorsZip)]
    [InlineData(PyTorchFixtures.TensorsLegacy)]
    public void Open_EveryTruncation_IsRefused(string fixture)
    {
        byte[] bytes = PyTorchFixtures.Bytes(fixture);
        for (int length = 0; length < bytes.Length; length++)
        {
            File.WriteAllBytes(folder["a"], bytes[..length]);
            Assert.Throws<CheckpointException>(() => CheckpointFile.Open(folder["a"]));
        }
    }

    /// <summary>
    /// A prime step meets every bit of a byte. What is accepted can be read to its end, or is found damaged when it is; behind a zip's
    /// checksums it is what was written.
    /// </summary>
    [Theory]
    [InlineData(PyTorchFixtures.TensorsZip, 17, true)]
    [InlineData(PyTorchFixtures.TensorsLegacy, 11, false)]
    public void Read_FlippedBits_AreReadOrRefused(string fixture, int step, bool checksums)
    {
        byte[] bytes = PyTorchFixtures.Bytes(fixture);
        float[] written = ReadAll(bytes);
        int refused = 0, flips = 0;
        for (int bit = 0; bit < bytes.Length * 8; bit += step, flips++)
        {
            bytes[bit >> 3] ^= (byte)(1 << (bit & 7));
            try
            {
                float[] read = ReadAll(bytes);
                if (checksums)
                    Assert.Equal(written, read);
            }
            catch (CheckpointException)
            {
                refused++;
            }

            bytes[bit >> 3] ^= (byte)(1 << (bit & 7));
        }

        Assert.InRange(refused, flips / 2, flips);
    }

    [Fact]
    public void CopyFloats_DamagedStorageOfAZip_IsFoundByItsChecksum()
    {
        byte[] bytes = PyTorchFixtures.Bytes(PyTorchFixtures.TensorsZip);
        byte[] element = BitConverter.GetBytes(13 / 8f);
        int at = bytes.AsSpan().IndexOf(element);
        bytes[at] ^= 1;
        File.WriteAllBytes(folder["a"], bytes);
        using PyTorchFile file = PyTorchFile.Open(folder["a"]);
        Assert.Contains(
            "checksum", Assert.Throws<CheckpointException>(() => file.Read<float>("module.base")).Message, StringComparison.Ordinal);
        Assert.Equal([2.5f], file.Read<float>("module.scalar"));
    }

    [Theory]
    [InlineData("posix", "system")]
    [InlineData("os", "system")]
    [InlineData("builtins", "eval")]
    [InlineData("__builtin__", "getattr")]
    [InlineData("torch.nn.modules.container", "Sequential")]
    [InlineData("torch", "FloatStorage\0")]
    [InlineData("torch FloatStorage", "")]
    [InlineData("collections.OrderedDict", "__init__")]
    public void Open_CallOfSomethingElse_NamesItAndRunsNothing(string module, string name)
    {
        string marker = folder["marker"];
        foreach (string call in new[] { "\x85R", "\x85\x81" })
        {
            string message = Refuse(new PickleBuilder().Op("\x80\x02").Global(module, name).Text($"touch '{marker}'").Op(call + "."));
            Assert.Contains($"'{module}.{name.Replace('\0', '?')}' is not allowed", message, StringComparison.Ordinal);
        }

        string stacked = Refuse(new PickleBuilder().Op("\x80\x04").Text(module).Text(name).Op("\x93").Text($"touch '{marker}'")
            .Op("\x85R."));
        Assert.Contains("is not allowed", stacked, StringComparison.Ordinal);
        Assert.Equal(["a"], folder.Names);
    }

    [Theory]
    [InlineData("\x82\x01")] // EXT1
    [InlineData("Pkey\n")] // PERSID
    [InlineData("}2")] // DUP
    public void Open_OpcodeThatIsNotOnTheList_IsRefused(string opcodes) =>
        Assert.Contains("opcode 0x", Refuse(new PickleBuilder().Op("\x80\x02").Op(opcodes)), StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("ios\nsystem\n.")]
    [InlineData("(itorch._utils\n_rebuild_tensor\n.")]
    [InlineData("(o.")]
    [InlineData("(No.")]
    [InlineData("(ctorch._utils\n_rebuild_tensor\no.")]
    [InlineData("\x8b\xff\xff\xff\x7f.")]
    [InlineData("\x8d\xff\xff\xff\xff\xff\xff\xff\xff.")]
    [InlineData("\x8e\x01\0\0\0\0\0\0\0")]
    [InlineData("0.")]
    [InlineData("}0.")]
    [InlineData("1.")]
    [InlineData("\x91.")]
    [InlineData("\x90.")]
    [InlineData("}(N\x90.")]
    [InlineData(".")]
    [InlineData("N.")]
    [InlineData("}.")]
    [InlineData("(.")]
    [InlineData("}}.")]
    [InlineData("t.")]
    [InlineData("\x85.")]
    [InlineData("(\x85.")]
    [InlineData("h\x05.")]
    [InlineData("q\x05.")]
    [InlineData("}Ns.")]
    [InlineData("I99999999999999999999\n.")]
    [InlineData("I1")]
    [InlineData("NNNs.")]
    [InlineData("}(Nu.")]
    [InlineData("Na.")]
    [InlineData("NNa.")]
    [InlineData("NNR.")]
    [InlineData("N}b.")]
    [InlineData("NQ.")]
    [InlineData(")Q.")]
    [InlineData("\x8a\xff.")]
    [InlineData("X\xff\xff\xff\xff.")]
    [InlineData("X\x01\0\0\0\xff.")]
    [InlineData("ctorch._utils\n_rebuild_tensor\n)R.")]
    [InlineData("ctorch._utils\n_rebuild_parameter\n)R.")]
    [InlineData("ctorch\nFloatStorage\n)R.")]
    [InlineData("ctorch\nSize\nN\x85R.")]
    [InlineData("ccollections\nOrderedDict\n](Nee\x85R.")]
    public void Open_MalformedPickle_IsRefused(string opcodes) => Refuse(new PickleBuilder().Op("\x80\x02").Op(opcodes));

    [Theory]
    [InlineData(new[] { 3 }, new[] { 1 }, 0)]
    [InlineData(new[] { 2 }, new[] { 1 }, 1)]
    [InlineData(new[] { 2 }, new[] { 2 }, 0)]
    [InlineData(new[] { 1 }, new[] { 1 }, 2)]
    [InlineData(new[] { 2 }, new[] { 1 }, -1)]
    [InlineData(new[] { 2 }, new[] { -1 }, 1)]
    [InlineData(new[] { -2 }, new[] { 1 }, 0)]
    [InlineData(new[] { 2 }, new[] { 1, 1 }, 0)]
    [InlineData(new[] { int.MaxValue, int.MaxValue }, new[] { int.MaxValue, int.MaxValue }, int.MaxValue)]
    [InlineData(new[] { int.MaxValue, int.MaxValue, 4 }, new[] { 0, 0, 0 }, 0)]
    [InlineData(new[] { int.MaxValue }, new[] { 0 }, 0)]
    [InlineData(new[] { 1, 1, 1, 1, 1, 1, 1, 1, 1 }, new[] { 1, 1, 1, 1, 1, 1, 1, 1, 1 }, 0)]
    public void Open_TensorBeyondItsStorage_IsRefused(int[] size, int[] stride, int offset) =>
        Refuse(new PickleBuilder().Op("\x80\x02}").Text("w").Tensor(2, size, stride, offset).Op("s."), 1, 2);

    [Theory]
    [InlineData(3)]
    [InlineData(-1)]
    [InlineData(int.MaxValue)]
    public void Open_StorageOfAnotherSizeThanTheData_IsRefused(int count) =>
        Refuse(new PickleBuilder().Op("\x80\x02}").Text("w").Tensor(count, [1], [1]).Op("s."), 1, 2);

    [Fact]
    public void Open_StorageDeclaredTwiceDifferently_IsRefused() => Assert.Contains("twice", Refuse(new PickleBuilder().Op("\x80\x02}(")
        .Text("v").Tensor(2, [2], [1]).Text("w").Tensor(1, [1], [1]).Op("u."), 1, 2), StringComparison.Ordinal);

    [Fact]
    public void Open_ContainersWithinThemselves_AreReadAround()
    {
        File.WriteAllBytes(folder["a"], new PickleBuilder().Op("\x80\x02}q\x01(").Text("self").Op("h\x01")
            .Text("list").Op("]q\x02h\x02" + "a").Text("w").Tensor(2, [2], [1]).Op("u.").ToFile(1, 2));
        using PyTorchFile file = PyTorchFile.Open(folder["a"]);
        Assert.Equal(["w"], file.Names);
        Refuse(new PickleBuilder().Op("\x80\x02}q\x01").Text("state_dict").Op("h\x01s."));
    }

    [Theory]
    [InlineData('(', "")]
    [InlineData(']', "")]
    [InlineData('}', "")]
    [InlineData('N', "\x85")]
    [InlineData('}', "NNs")]
    [InlineData(']', "Na")]
    [InlineData('N', "(N")]
    [InlineData('N', "ctorch\nFloatStorage\n")]
    [InlineData('N', "r\xff\xff\xff\xff")]
    [InlineData('N', "X\x10\0\0\0aaaaaaaaaaaaaaaa")]
    public void Open_ManyOrDeepObjects_AreRefusedWithinTheirBounds(char first, string repeated)
    {
        const int Size = 6_000_000;
        string unit = repeated.Length == 0 ? first.ToString() : repeated;
        string pickle = first + string.Concat(Enumerable.Repeat(unit, Size / unit.Length)) + ".";
        Assert.Matches(
            "steps|nest deeper|within an object|no state dict", RefuseCheaply(new PickleBuilder().Op("\x80\x02").Op(pickle).ToFile()));
    }

    /// <summary>Views of eight dimensions of one storage, and dictionaries made over and over of one long list.</summary>
    [Fact]
    public void Open_ManyTensorsOrCopiesOfOneList_AreRefusedWithinTheirBounds()
    {
        PickleBuilder views = new PickleBuilder().Op("\x80\x02").Global("torch._utils", "_rebuild_tensor").Op("q\0(").Storage(2).Number(0)
            .Op("(K\x01K\x01K\x01K\x01K\x01K\x01K\x01K\x01tq\x02h\x02tq\x03(").Op(string.Concat(Enumerable.Repeat("h\0h\x03R", 600_000)));
        Assert.Contains("steps", RefuseCheaply(views.Op("t.").ToFile(1, 2)), StringComparison.Ordinal);
        PickleBuilder pairs = new PickleBuilder().Op("\x80\x02]q\x01(")
            .Op(string.Concat(Enumerable.Repeat("](NNe", 40_000))).Op("e\x85q\x02")
            .Global("collections", "OrderedDict").Op("q\x03(").Op(string.Concat(Enumerable.Repeat("h\x03h\x02R", 10_000)));
        Assert.Contains("steps", RefuseCheaply(pairs.Op("t.").ToFile()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../data.pkl", "leaves its folder")]
    [InlineData("a/../../data.pkl", "leaves its folder")]
    [InlineData("/etc/data.pkl", "leaves its folder")]
    [InlineData("a\\..\\data.pkl", "leaves its folder")]
    [InlineData("a/./b", "leaves its folder")]
    [InlineData("b/other", "not all entries")]
    [InlineData("a/data.pkl", "occurs twice")]
    [InlineData("a/constants.pkl", "TorchScript")]
    public void Open_ZipWithAnEntryThatHasNoPlace_IsRefused(string entry, string said)
    {
        byte[] pickle = new PickleBuilder().Op("\x80\x02}.").ToArray();
        string message = RefuseBytes(Archive.Of(("a/data.pkl", pickle), (entry, pickle)));
        Assert.Contains(said, message, StringComparison.Ordinal);
        Assert.Equal(["a"], folder.Names);
    }

    [Fact]
    public void Open_CompressedEntry_IsRefusedBeforeItIsUnpacked() => Assert.Contains("compressed",
        RefuseBytes(Archive.Of(CompressionLevel.SmallestSize, ("a/data.pkl", new byte[50_000_000]))), StringComparison.Ordinal);

    [Fact]
    public void Open_ZipTemplate_IsAcceptedWhenSound()
    {
        byte[] pickle = new PickleBuilder().Op("\x80\x02}").Text("w").Tensor(2, [2], [1]).Op("s.").ToArray();
        byte[] data = [0, 0, 128, 63, 0, 0, 0, 64];
        File.WriteAllBytes(folder["a"], Archive.Of(("a/data.pkl", pickle), ("a/data/0", data)));
        using (PyTorchFile file = PyTorchFile.Open(folder["a"]))
            Assert.Equal([1f, 2], file.Read<float>("w"));
        RefuseBytes(Archive.Of(("a/data.pkl", pickle), ("a/data/0", data[..4])));
        RefuseBytes(Archive.Of(("a/data.pkl", pickle)));
        RefuseBytes(Archive.Of(("a/data.pkl", pickle), ("a/data/0", data), ("a/byteorder", "big"u8.ToArray())));
        RefuseBytes(Archive.Of(("a/data.pkl", [.. pickle, 0]), ("a/data/0", data)));
        RefuseBytes(Archive.Of());
    }

    [Fact]
    public void Open_OtherKindsOfFile_SayWhatTheyAre()
    {
        byte[] tar = new byte[1024];
        "ustar"u8.CopyTo(tar.AsSpan(257));
        Assert.Contains("tar archive", RefuseBytes(tar), StringComparison.Ordinal);
        Assert.Contains("not one that torch.save wrote", RefuseBytes(new PickleBuilder().Op("\x80\x02}").Text("w").Op("Ns.").ToArray()),
            StringComparison.Ordinal);
        Assert.Contains("its entries are 'epoch'", Refuse(new PickleBuilder().Op("\x80\x02}").Text("epoch").Op("K\x01s.")),
            StringComparison.Ordinal);
        Assert.Contains("whole modules", Refuse(new PickleBuilder().Op("\x80\x02(").Text("module").Op("NNNtQ.")), StringComparison.Ordinal);
    }

    private float[] ReadAll(byte[] bytes)
    {
        File.WriteAllBytes(folder["a"], bytes);
        using IStateDict file = CheckpointFile.Open(folder["a"]);
        var all = new List<float>();
        foreach (string name in file.Names)
        {
            if (file is PyTorchFile pytorch && (!pytorch.TryGetType(name, out StoredType? type) || type > StoredType.BFloat16))
                continue;
            var floats = new float[file.DimensionsOf(name)!.Aggregate(1L, (product, dimension) => product * dimension)];
            file.CopyFloats(name, floats);
            all.AddRange(floats);
        }

        return [.. all];
    }

    /// <summary>Refused, and cheaply: the steps that are spent bound the time, the bytes are counted here.</summary>
    private string RefuseCheaply(byte[] bytes)
    {
        File.WriteAllBytes(folder["a"], bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        CheckpointException e = Assert.Throws<CheckpointException>(() => CheckpointFile.Open(folder["a"]));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, (64L << 20) + (2L * bytes.Length));
        return e.Message;
    }

    private string Refuse(PickleBuilder pickle, params float[] elements) => RefuseBytes(pickle.ToFile(elements));

    private string RefuseBytes(byte[] bytes)
    {
        File.WriteAllBytes(folder["a"], bytes);
        CheckpointException e = Assert.Throws<CheckpointException>(() => CheckpointFile.Open(folder["a"]));
        Assert.Contains(folder["a"], e.Message, StringComparison.Ordinal);
        Assert.EndsWith(".", e.Message, StringComparison.Ordinal);
        Assert.Equal(folder["a"], e.Path);
        return e.Message;
    }
}
