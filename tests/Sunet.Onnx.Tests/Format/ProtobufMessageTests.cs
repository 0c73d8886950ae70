using Sunet.Onnx.Format;

namespace Sunet.Onnx.Tests.Format;

/// <summary>The wire format, against the examples of protobuf.dev's "Encoding" and numbers worked out by hand.</summary>
public sealed class ProtobufMessageTests
{
    [Fact]
    public void Add_Integer_IsAVarint() => AssertBytes("08 96 01", new ProtobufMessage().Add(1, 150));

    [Fact]
    public void Add_NegativeInteger_TakesTenBytes() =>
        AssertBytes("10 FE FF FF FF FF FF FF FF FF 01", new ProtobufMessage().Add(2, -2));

    [Fact]
    public void Add_Text_IsUtf8WithItsLength() => AssertBytes("12 07 74 65 73 74 69 6E 67", new ProtobufMessage().Add(2, "testing"));

    [Fact]
    public void Add_Float_IsLittleEndian() => AssertBytes("15 00 00 80 3F", new ProtobufMessage().Add(2, 1f));

    [Fact]
    public void Add_Message_HasItsLengthBefore() =>
        AssertBytes("1A 03 08 96 01", new ProtobufMessage().Add(3, new ProtobufMessage().Add(1, 150)));

    [Fact]
    public void Add_FieldAboveFifteen_HasATagOfTwoBytes() => AssertBytes("A0 01 07", new ProtobufMessage().Add(20, 7));

    [Fact]
    public void Add_Payload_IsWrittenInPlace() =>
        AssertBytes("4A 02 AA BB 08 01", new ProtobufMessage().Add(9, 2, s => s.Write([0xAA, 0xBB])).Add(1, 1));

    private static void AssertBytes(string expected, ProtobufMessage message)
    {
        using var stream = new MemoryStream();
        message.WriteTo(stream);
        Assert.Equal(expected.Replace(" ", "", StringComparison.Ordinal), Convert.ToHexString(stream.ToArray()));
        Assert.Equal(stream.Length, message.Length);
    }
}
