using System.Buffers.Binary;
using System.Text;
using Sunet.Native.Checkpoints;
using Sunet.Native.Tensors;
using Sunet.Native.Tests.Files;

namespace Sunet.Native.Tests.Checkpoints;

public sealed class SafetensorsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Open_WrittenFile_GivesBackEveryTensorAndText()
    {
        SafetensorsWriter.Write(folder["a.safetensors"], Samples.Metadata, Samples.Tensors);

        using SafetensorsFile file = SafetensorsFile.Open(folder["a.safetensors"]);

        Assert.True(file.Verify());
        Assert.Equal(["steps", "conv.weight", "counts", "empty", "labels"], file.Names);
        Assert.Equal("pt", file.Metadata["format"]);
        Assert.Equal(Samples.Metadata["note"], file.Metadata["note"]);
        Assert.Equal(Samples.Weights, file.Floats("conv.weight"));
        Assert.Equal([long.MinValue + 5], file.Read<long>("steps"));
        Assert.Equal([-3, 9], file.Read<int>("counts"));
        Assert.Equal<byte>([7, 0, 255], file.Read<byte>("labels"));
        Assert.Equal(0, file.Floats("empty").Length);
        Assert.True(file.TryGet("conv.weight", out SafetensorsEntry? entry));
        Assert.Equal([1, 2, 3, 1], entry.Dimensions);
        Assert.Equal(DataType.Float32, entry.DataType);
        Assert.Equal(24, entry.Bytes);
        Assert.True(file.TryGet("steps", out SafetensorsEntry? scalar));
        Assert.Empty(scalar.Dimensions);
        Assert.Equal(1, scalar.Count);
        Assert.False(file.TryGet("absent", out _));
        Assert.Equal(["a.safetensors"], folder.Names);
    }

    [Fact]
    public void Write_TinyFile_IsTheFormatByteForByte()
    {
        using MemoryStream stream = new();
        SafetensorsTensor[] tensors =
            [SafetensorsTensor.Floats("w", [2], new[] { 1f, -2f }), SafetensorsTensor.Floats("b", [1], new[] { 0.5f })];
        SafetensorsWriter.Write(stream, new Dictionary<string, string> { ["format"] = "pt" }, tensors, digest: false);

        const string Json = "{\"__metadata__\":{\"format\":\"pt\"},"
            + "\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
            + "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,12]}}";
        const string Padding = "     ";
        Assert.Equal(0, (Json.Length + Padding.Length) % 8);
        byte[] expected =
        [
            (byte)(Json.Length + Padding.Length), 0, 0, 0, 0, 0, 0, 0,
            .. Encoding.ASCII.GetBytes(Json + Padding),
            0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 0, 0, 0, 0x3f,
        ];
        Assert.Equal(expected, stream.ToArray());
    }

    [Fact]
    public void Write_SameContentTwice_GivesSameBytes() => Assert.Equal(Samples.Bytes(), Samples.Bytes());

    [Fact]
    public void Write_StreamNotAtItsStart_FillsTheDigestIntoTheRightPlace()
    {
        using MemoryStream stream = new();
        stream.Write([1, 2, 3]);
        SafetensorsWriter.Write(stream, Samples.Metadata, Samples.Tensors);
        Assert.Equal([1, 2, 3, .. Samples.Bytes()], stream.ToArray());
    }

    [Fact]
    public void Write_MixedTypes_AlignsEveryTensorAndTheData()
    {
        File.WriteAllBytes(folder["a"], Samples.Bytes());
        using SafetensorsFile file = SafetensorsFile.Open(folder["a"]);
        Assert.Equal(0L, BinaryPrimitives.ReadInt64LittleEndian(Samples.Bytes()) % 8);
        foreach (string name in file.Names)
        {
            Assert.True(file.TryGet(name, out SafetensorsEntry? entry));
            Assert.Equal(0, entry.Count == 0 ? 0 : entry.Offset % (entry.Bytes / entry.Count));
        }
    }

    [Fact]
    public void Write_TextThatImitatesTheDigest_IsVerifiedAllTheSame()
    {
        string imitation = "\"xxh3-128:" + new string('0', 32) + "\"";
        Dictionary<string, string> metadata = new() { ["sunet.digest"] = "stale", ["a"] = imitation, [imitation] = "sunet.digest" };
        SafetensorsWriter.Write(folder["a"], metadata, [SafetensorsTensor.Floats("xxh3-128:" + new string('0', 32), [1], new[] { 1f })]);
        using SafetensorsFile file = SafetensorsFile.Open(folder["a"]);
        Assert.True(file.Verify());
        Assert.Equal(imitation, file.Metadata["a"]);
        Assert.NotEqual("stale", file.Metadata["sunet.digest"]);
    }

    [Fact]
    public void Write_TwoTensorsOfOneName_Throws()
    {
        SafetensorsTensor tensor = SafetensorsTensor.Floats("w", [1], new[] { 1f });
        Assert.Throws<ArgumentException>(() => SafetensorsWriter.Write(folder["a"], Samples.NoMetadata, [tensor, tensor]));
        Assert.Empty(folder.Names);
    }

    [Theory]
    [InlineData("__metadata__", 1)]
    [InlineData("", 1)]
    [InlineData("w", -1)]
    [InlineData("w", int.MaxValue)]
    public void Tensor_NameOrDimensionNotAllowed_Throws(string name, int dimension) =>
        Assert.ThrowsAny<ArgumentException>(() => new SafetensorsTensor(name, DataType.Float32, [dimension], _ => { }));

    [Fact]
    public void Tensor_NameWithHalfASurrogatePair_Throws()
    {
        string name = new('\ud800', 1);
        Assert.ThrowsAny<ArgumentException>(() => new SafetensorsTensor(name, DataType.Float32, [1], _ => { }));
    }

    [Fact]
    public void Write_MetadataWithHalfASurrogatePair_ThrowsAndLeavesNothing()
    {
        Dictionary<string, string> metadata = new() { ["a"] = new('\ud800', 1) };
        Assert.ThrowsAny<ArgumentException>(() => SafetensorsWriter.Write(folder["a"], metadata, []));
        Assert.Empty(folder.Names);
    }

    [Fact]
    public void Floats_CountOtherThanShape_Throws() =>
        Assert.Throws<ArgumentException>(() => SafetensorsTensor.Floats("w", [2, 2], new float[3]));

    [Fact]
    public void CopyFloats_EveryFloatingType_Converts()
    {
        const string Header = """
            {"d":{"dtype":"F64","shape":[2],"data_offsets":[0,16]},"s":{"dtype":"F32","shape":[1],"data_offsets":[16,20]},
             "h":{"dtype":"F16","shape":[2],"data_offsets":[20,24]},"b":{"dtype":"BF16","shape":[2],"data_offsets":[24,28]}}
            """;
        byte[] bytes = Samples.File(Header, 28);
        Span<byte> data = bytes.AsSpan(^28);
        BinaryPrimitives.WriteDoubleLittleEndian(data, 0.1);
        BinaryPrimitives.WriteDoubleLittleEndian(data[8..], -1e300);
        BinaryPrimitives.WriteSingleLittleEndian(data[16..], 7.25f);
        BinaryPrimitives.WriteHalfLittleEndian(data[20..], (Half)(-0.5));
        BinaryPrimitives.WriteHalfLittleEndian(data[22..], Half.Epsilon);
        BinaryPrimitives.WriteUInt16LittleEndian(data[24..], 0x3fc0); // 1.5
        BinaryPrimitives.WriteUInt16LittleEndian(data[26..], 0xff80); // -infinity
        File.WriteAllBytes(folder["a"], bytes);

        using SafetensorsFile file = SafetensorsFile.Open(folder["a"]);

        Assert.Equal([0.1f, float.NegativeInfinity], Copy(file, "d", 2));
        Assert.Equal([7.25f], Copy(file, "s", 1));
        Assert.Equal([-0.5f, 5.9604645e-8f], Copy(file, "h", 2));
        Assert.Equal([1.5f, float.NegativeInfinity], Copy(file, "b", 2));
        Assert.False(file.Verify());
        Assert.Throws<ArgumentException>(() => Copy(file, "d", 3));
    }

    [Fact]
    public void Read_AbsentOrOfAnotherType_NamesTensorAndFile()
    {
        File.WriteAllBytes(folder["a"], Samples.Bytes());
        using SafetensorsFile file = SafetensorsFile.Open(folder["a"]);
        CheckpointException absent = Assert.Throws<CheckpointException>(() => file.Floats("absent").Length);
        Assert.Contains("'absent'", absent.Message, StringComparison.Ordinal);
        Assert.Contains(folder["a"], absent.Message, StringComparison.Ordinal);
        CheckpointException type = Assert.Throws<CheckpointException>(() => file.Floats("counts").Length);
        Assert.Contains("I32 where F32", type.Message, StringComparison.Ordinal);
        Assert.Throws<CheckpointException>(() => file.CopyFloats("counts", new float[2]));
        Assert.Throws<NotSupportedException>(() => file.Read<decimal>("counts").Length);
    }

    [Fact]
    public void Read_AfterDispose_Throws()
    {
        File.WriteAllBytes(folder["a"], Samples.Bytes());
        SafetensorsFile file = SafetensorsFile.Open(folder["a"]);
        file.Dispose();
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => file.Floats("conv.weight").Length);
        Assert.Throws<ObjectDisposedException>(() => file.CopyFloats("conv.weight", new float[6]));
        Assert.Throws<ObjectDisposedException>(() => file.Verify());
    }

    [Fact]
    public void Open_FileReplacedMeanwhile_KeepsReadingTheOldOne()
    {
        SafetensorsWriter.Write(folder["a"], Samples.NoMetadata, [SafetensorsTensor.Floats("w", [1], new[] { 1f })]);
        using SafetensorsFile old = SafetensorsFile.Open(folder["a"]);
        SafetensorsWriter.Write(folder["a"], Samples.NoMetadata, [SafetensorsTensor.Floats("w", [1], new[] { 2f })]);
        using SafetensorsFile current = SafetensorsFile.Open(folder["a"]);
        Assert.Equal([1f], old.Floats("w"));
        Assert.Equal([2f], current.Floats("w"));
    }

    private static float[] Copy(SafetensorsFile file, string name, int count)
    {
        float[] values = new float[count];
        file.CopyFloats(name, values);
        return values;
    }
}
