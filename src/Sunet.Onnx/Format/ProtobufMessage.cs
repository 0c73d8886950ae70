using System.Text;

namespace Sunet.Onnx.Format;

/// <summary>
/// One message of Protocol Buffers as it is written (protobuf.dev, "Encoding"): fields in the order they are added. Nested messages and
/// payloads, complete when they are added, are written as the stream comes to them, so no second copy of a model's weights exists.
/// </summary>
internal sealed class ProtobufMessage
{
    private const int Varint = 0, LengthDelimited = 2, Fixed32 = 5;
    private readonly List<Action<Stream>> parts = [];

    /// <summary>Bytes of all fields, without the message's own length.</summary>
    public long Length { get; private set; }

    /// <summary>An integer, boolean or enumeration.</summary>
    public ProtobufMessage Add(int field, long value)
    {
        List<byte> bytes = Tag(field, Varint);
        AppendVarint(bytes, (ulong)value);
        return Append([.. bytes]);
    }

    /// <summary>A 32-bit floating-point number.</summary>
    public ProtobufMessage Add(int field, float value)
    {
        List<byte> bytes = Tag(field, Fixed32);
        uint bits = BitConverter.SingleToUInt32Bits(value);
        for (int shift = 0; shift < 32; shift += 8)
            bytes.Add((byte)(bits >> shift));
        return Append([.. bytes]);
    }

    /// <summary>A text in UTF-8.</summary>
    public ProtobufMessage Add(int field, string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        return Add(field, utf8.Length, stream => stream.Write(utf8));
    }

    /// <summary>A nested message.</summary>
    public ProtobufMessage Add(int field, ProtobufMessage message) => Add(field, message.Length, message.WriteTo);

    /// <summary>Bytes of a length known now that <paramref name="write"/> makes later, as often as the message is written.</summary>
    public ProtobufMessage Add(int field, long length, Action<Stream> write)
    {
        List<byte> bytes = Tag(field, LengthDelimited);
        AppendVarint(bytes, (ulong)length);
        Append([.. bytes]);
        parts.Add(write);
        Length += length;
        return this;
    }

    /// <summary>Writes all fields.</summary>
    public void WriteTo(Stream stream)
    {
        foreach (Action<Stream> write in parts)
            write(stream);
    }

    private ProtobufMessage Append(byte[] bytes)
    {
        parts.Add(stream => stream.Write(bytes));
        Length += bytes.Length;
        return this;
    }

    private static List<byte> Tag(int field, int wireType)
    {
        var bytes = new List<byte>();
        AppendVarint(bytes, (ulong)((field << 3) | wireType));
        return bytes;
    }

    private static void AppendVarint(List<byte> bytes, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            bytes.Add((byte)(value | 0x80));
        bytes.Add((byte)value);
    }
}
