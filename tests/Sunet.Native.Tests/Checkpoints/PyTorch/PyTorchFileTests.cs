using Sunet.Native.Checkpoints;
using Sunet.Native.Checkpoints.PyTorch;
using Sunet.Native.Models.Saved;
using Sunet.Native.Tests.Files;

namespace Sunet.Native.Tests.Checkpoints.PyTorch;

public sealed class PyTorchFileTests : IDisposable
{
    private static readonly float[] Ramp = [-1, -0.5f, 0, 0.5f, 1, 1.5f];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(PyTorchFixtures.TensorsZip)]
    [InlineData(PyTorchFixtures.TensorsLegacy)]
    public void Read_EveryType_HasTheElements(string fixture)
    {
        using PyTorchFile file = PyTorchFile.Open(PyTorchFixtures.Save(fixture, folder));
        foreach ((string name, StoredType type) in new[]
        {
            ("module.float64", StoredType.Float64), ("module.float32", StoredType.Float32),
            ("module.float16", StoredType.Float16), ("module.bfloat16", StoredType.BFloat16),
        })
        {
            float[] floats = new float[6];
            file.CopyFloats(name, floats);
            Assert.Equal(Ramp, floats);
            Assert.Equal([2, 3], file.DimensionsOf(name));
            Assert.True(file.TryGetType(name, out StoredType? found));
            Assert.Equal(type, found);
        }

        Assert.Equal([-1, -0.5, 0, 0.5, 1, 1.5], file.Read<double>("module.float64"));
        Assert.Equal(Ramp.Select(v => (Half)v), file.Read<Half>("module.float16"));
        Assert.Equal([2L, 1, 0, 1, 2, 3], file.Read<long>("module.int64"));
        Assert.Equal([2, 1, 0, 1, 2, 3], file.Read<int>("module.int32"));
        Assert.Equal(new short[] { 2, 1, 0, 1, 2, 3 }, file.Read<short>("module.int16"));
        Assert.Equal(new sbyte[] { 2, 1, 0, 1, 2, 3 }, file.Read<sbyte>("module.int8"));
        Assert.Equal(new byte[] { 2, 1, 0, 1, 2, 3 }, file.Read<byte>("module.uint8"));
        Assert.True(file.TryGetType("module.bool", out StoredType? flags));
        Assert.Equal(StoredType.Bool, flags);
    }

    [Theory]
    [InlineData(PyTorchFixtures.TensorsZip)]
    [InlineData(PyTorchFixtures.TensorsLegacy)]
    public void Read_ViewsOfOneStorage_AreGatheredRowMajor(string fixture)
    {
        using PyTorchFile file = PyTorchFile.Open(PyTorchFixtures.Save(fixture, folder));
        Assert.Equal(Enumerable.Range(0, 24).Select(i => i / 8f), file.Read<float>("module.base"));
        Assert.Equal([10 / 8f, 11 / 8f, 12 / 8f, 13 / 8f, 18 / 8f, 19 / 8f, 20 / 8f, 21 / 8f], file.Read<float>("module.part"));
        Assert.Equal([2, 4], file.DimensionsOf("module.part"));
        Assert.Equal(Enumerable.Range(0, 24).Select(i => ((i % 3 * 8) + (i / 3)) / 8f), file.Read<float>("module.transposed"));
        Assert.Equal([9 / 8f, 9 / 8f, 9 / 8f, 9 / 8f], file.Read<float>("module.expanded"));
        Assert.Equal([2.5f], file.Read<float>("module.scalar"));
        Assert.Equal([], file.DimensionsOf("module.scalar"));
        Assert.Empty(file.Read<float>("module.empty"));
        Assert.Equal([0, 4], file.DimensionsOf("module.empty"));
        Assert.Equal(Ramp[..4], file.Read<float>("module.parameter"));
    }

    [Theory]
    [InlineData(PyTorchFixtures.TensorsZip)]
    [InlineData(PyTorchFixtures.TensorsLegacy)]
    public void Names_StateDictAmongOtherThings_AreItsOwnInOrder(string fixture)
    {
        using PyTorchFile file = PyTorchFile.Open(PyTorchFixtures.Save(fixture, folder));
        Assert.All(file.Names, n => Assert.StartsWith("module.", n, StringComparison.Ordinal));
        Assert.Equal("float64 float32 float16 bfloat16 int64 int32 int16 int8 uint8 bool "
            + "base part transposed expanded scalar empty parameter", string.Join(' ', file.Names.Select(n => n["module.".Length..])));
    }

    [Fact]
    public void CopyFloats_OtherTypeNameOrLength_IsRefused()
    {
        PyTorchFile file = PyTorchFile.Open(PyTorchFixtures.Save(PyTorchFixtures.TensorsZip, folder));
        foreach ((Action read, string said) in new (Action, string)[]
        {
            (() => file.CopyFloats("module.int64", new float[6]), "holds I64 where floats are needed"),
            (() => file.CopyFloats("x", new float[6]), "has no tensor 'x'"),
            (() => file.Read<Half>("module.float32"), "holds F32 where F16 is needed"),
        })
        {
            Assert.Contains(said, Assert.Throws<CheckpointException>(read).Message, StringComparison.Ordinal);
        }

        Assert.Throws<ArgumentException>(() => file.CopyFloats("module.float32", new float[5]));
        Assert.Throws<NotSupportedException>(() => file.Read<char>("module.float32"));
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => file.CopyFloats("module.float32", new float[6]));
    }

    /// <summary>
    /// Python 2 pickles text as bytes, large integers as digits and an OrderedDict as a list of pairs; PyTorch 0.3 had CUDA storages and
    /// torch.Size.
    /// </summary>
    [Fact]
    public void Open_PythonTwoAndOldPyTorch_IsRead()
    {
        byte[] bytes = new PickleBuilder().Op("\x80\x02").Global("collections", "OrderedDict").Op("(](](U\x09module.we")
            .Global("torch._utils", "_rebuild_tensor").Op("((U\x07storage").Global("torch.cuda", "FloatStorage")
            .Op("U\x01" + "0U\x06" + "cuda:0")
            .Number(3).Op("(U\x01" + "1").Number(1).Number(2).Op("ttQ").Number(0)
            .Global("torch", "Size").Op("(").Number(2).Op("t\x85R(").Number(1).Op("ttRe](I140735340871680\nNeetR.").ToFile(5, 6, 7);
        File.WriteAllBytes(folder["old"], bytes);
        using PyTorchFile file = PyTorchFile.Open(folder["old"]);
        Assert.Equal(["module.we"], file.Names);
        Assert.Equal([6f, 7], file.Read<float>("module.we"));
    }

    [Fact]
    public void Open_NumpyScalarsAndNamespacesBesideTheWeights_AreIgnored()
    {
        byte[] bytes = new PickleBuilder().Op("\x80\x02}(").Text("best").Global("numpy.core.multiarray", "scalar")
            .Global("numpy", "dtype").Text("f8").Op("K\0K\x01\x87R(K\x03").Text("<").Op("NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb")
            .Global("_codecs", "encode").Text("abcdefgh").Text("latin1").Op("\x86R\x86R")
            .Text("args").Global("argparse", "Namespace").Op(")\x81}").Text("lr").Op("G\0\0\0\0\0\0\0\0sb")
            .Text("state").Global("collections", "defaultdict").Global("builtins", "dict").Op("\x85R").Number(0).Op("}s")
            .Text("model").Op("}").Text("w").Tensor(2, [2], [1]).Op("su.").ToFile(1, 2);
        File.WriteAllBytes(folder["a"], bytes);
        using PyTorchFile file = PyTorchFile.Open(folder["a"]);
        Assert.Equal(["w"], file.Names);
        Assert.Equal([1f, 2], file.Read<float>("w"));
    }

    [Fact]
    public void CheckpointFile_Open_TellsTheFormatByContent()
    {
        SafetensorsWriter.Write(folder["a.pth"], Samples.NoMetadata, Samples.Tensors);
        using IStateDict safetensors = CheckpointFile.Open(folder["a.pth"]);
        Assert.IsType<SafetensorsFile>(safetensors);
        using IStateDict zip = CheckpointFile.Open(PyTorchFixtures.Save(PyTorchFixtures.TensorsZip, folder));
        using IStateDict legacy = CheckpointFile.Open(PyTorchFixtures.Save(PyTorchFixtures.TensorsLegacy, folder));
        Assert.IsType<PyTorchFile>(zip);
        Assert.IsType<PyTorchFile>(legacy);
    }

    /// <summary>A header of 640 bytes begins with the two bytes of a pickle of protocol 2.</summary>
    [Fact]
    public void CheckpointFile_Open_SafetensorsThatBeginAsAPickle_IsRead()
    {
        File.WriteAllBytes(folder["a"], Samples.File("{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}".PadRight(640), 4));
        using IStateDict file = CheckpointFile.Open(folder["a"]);
        Assert.Equal(["w"], file.Names);
    }
}
