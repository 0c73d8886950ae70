using System.Buffers.Binary;
using System.Text;

namespace Sunet.Data.Reporting;

/// <summary>
/// TensorFlow's <c>Event</c> message (tensorflow/core/util/event.proto, tensorflow/core/framework/summary.proto) in protobuf's wire format,
/// as far as scalars and pictures need it.
/// </summary>
internal static class EventMessage
{
    private const int WallTimeField = 1, StepField = 2, FileVersionField = 3, SummaryField = 5, SessionLogField = 7;
    private const int ValueField = 1, TagField = 1, SimpleValueField = 2, ImageField = 4;
    private const int ImageHeightField = 1, ImageWidthField = 2, ColourSpaceField = 3, EncodedImageField = 4;
    private const int SessionStatusField = 1;
    private const ulong SessionStart = 1, RgbColourSpace = 3;
    private const int Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5;

    /// <summary>The first event of a file.</summary>
    public static byte[] FileVersion(double wallTime) => Event(wallTime, step: 0, message =>
        WriteBytes(message, FileVersionField, "brain.Event:2"u8));

    /// <summary>Tells readers that what they know of this step and later ones is void: a run goes on from an earlier state.</summary>
    public static byte[] Restart(double wallTime, long step) => Event(wallTime, step, message =>
        WriteMessage(message, SessionLogField, log => WriteVarint(log, SessionStatusField, SessionStart)));

    /// <summary>Numbers of one step.</summary>
    public static byte[] Scalars(double wallTime, long step, IReadOnlyList<(string Tag, double Value)> scalars) =>
        Event(wallTime, step, message => WriteMessage(message, SummaryField, summary =>
        {
            foreach ((string tag, double value) in scalars)
            {
                WriteMessage(summary, ValueField, entry =>
                {
                    WriteBytes(entry, TagField, Encoding.UTF8.GetBytes(tag));
                    WriteFloat(entry, SimpleValueField, (float)value);
                });
            }
        }));

    /// <summary>A picture of one step, encoded as PNG or JPEG.</summary>
    public static byte[] Picture(double wallTime, long step, string tag, (int Height, int Width) size, byte[] encoded) =>
        Event(wallTime, step, message => WriteMessage(message, SummaryField, summary => WriteMessage(summary, ValueField, entry =>
        {
            WriteBytes(entry, TagField, Encoding.UTF8.GetBytes(tag));
            WriteMessage(entry, ImageField, image =>
            {
                WriteVarint(image, ImageHeightField, (ulong)size.Height);
                WriteVarint(image, ImageWidthField, (ulong)size.Width);
                WriteVarint(image, ColourSpaceField, RgbColourSpace);
                WriteBytes(image, EncodedImageField, encoded);
            });
        })));

    /// <summary>Whether an event is the one that a file begins with.</summary>
    public static bool IsFileVersion(ReadOnlySpan<byte> message) => message.IndexOf("brain.Event:"u8) >= 0;

    /// <summary>The step of an event, 0 where it has none; null for what is no message.</summary>
    public static long? StepOf(ReadOnlySpan<byte> message)
    {
        while (message.Length > 0)
        {
            if (!TryReadVarint(ref message, out ulong key))
                return null;
            int field = (int)(key >> 3), skipped;
            switch ((int)(key & 7))
            {
                case Varint:
                    if (!TryReadVarint(ref message, out ulong value))
                        return null;
                    if (field == StepField)
                        return (long)value;
                    continue;
                case Fixed64:
                    skipped = sizeof(double);
                    break;
                case Fixed32:
                    skipped = sizeof(float);
                    break;
                case Bytes:
                    if (!TryReadVarint(ref message, out ulong length) || length > (ulong)message.Length)
                        return null;
                    skipped = (int)length;
                    break;
                default:
                    return null;
            }

            if (skipped > message.Length)
                return null;
            message = message[skipped..];
        }

        return 0;
    }

    private static byte[] Event(double wallTime, long step, Action<Stream> write)
    {
        using var message = new MemoryStream();
        Span<byte> seconds = stackalloc byte[sizeof(double)];
        BinaryPrimitives.WriteDoubleLittleEndian(seconds, wallTime);
        WriteKey(message, WallTimeField, Fixed64);
        message.Write(seconds);
        WriteVarint(message, StepField, (ulong)step);
        write(message);
        return message.ToArray();
    }

    private static void WriteMessage(Stream stream, int field, Action<Stream> write)
    {
        using var inner = new MemoryStream();
        write(inner);
        WriteBytes(stream, field, inner.GetBuffer().AsSpan(0, (int)inner.Length));
    }

    private static void WriteBytes(Stream stream, int field, ReadOnlySpan<byte> bytes)
    {
        WriteKey(stream, field, Bytes);
        WriteRaw(stream, (ulong)bytes.Length);
        stream.Write(bytes);
    }

    private static void WriteFloat(Stream stream, int field, float value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(float)];
        BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
        WriteKey(stream, field, Fixed32);
        stream.Write(bytes);
    }

    private static void WriteVarint(Stream stream, int field, ulong value)
    {
        WriteKey(stream, field, Varint);
        WriteRaw(stream, value);
    }

    private static void WriteKey(Stream stream, int field, int wireType) => WriteRaw(stream, ((ulong)field << 3) | (uint)wireType);

    private static void WriteRaw(Stream stream, ulong value)
    {
        for (; value > 0x7F; value >>= 7)
            stream.WriteByte((byte)(value | 0x80));
        stream.WriteByte((byte)value);
    }

    private static bool TryReadVarint(ref ReadOnlySpan<byte> message, out ulong value)
    {
        const int MostBytes = 10;
        value = 0;
        for (int i = 0; i < Math.Min(MostBytes, message.Length); i++)
        {
            value |= (ulong)(message[i] & 0x7F) << (7 * i);
            if (message[i] < 0x80)
            {
                message = message[(i + 1)..];
                return true;
            }
        }

        return false;
    }
}
