using System.Buffers.Binary;
using System.Numerics;

namespace Sunet.Data.Reporting;

/// <summary>
/// The framing of TFRecord files: length (uint64), masked CRC-32C of the length, data, masked CRC-32C of the data, all little-endian.
/// </summary>
internal static class EventRecord
{
    /// <summary>Bytes before the data.</summary>
    public const int HeaderBytes = sizeof(ulong) + sizeof(uint);

    /// <summary>Bytes behind the data.</summary>
    public const int FooterBytes = sizeof(uint);

    private const uint MaskDelta = 0xA282EAD8;

    /// <summary>CRC-32C (Castagnoli), as in RFC 3720.</summary>
    public static uint Crc32C(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        for (; data.Length >= sizeof(ulong); data = data[sizeof(ulong)..])
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(data));
        foreach (byte value in data)
            crc = BitOperations.Crc32C(crc, value);
        return ~crc;
    }

    /// <summary>The sum as the format stores it, rotated and shifted, so that data may itself hold sums.</summary>
    public static uint Masked(ReadOnlySpan<byte> data) => BitOperations.RotateRight(Crc32C(data), 15) + MaskDelta;

    /// <summary>Appends a record.</summary>
    public static void Write(Stream stream, ReadOnlySpan<byte> data)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[sizeof(ulong)..], Masked(header[..sizeof(ulong)]));
        Span<byte> footer = stackalloc byte[FooterBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(footer, Masked(data));
        stream.Write(header);
        stream.Write(data);
        stream.Write(footer);
    }

    /// <summary>Reads the record that a file's rest begins with.</summary>
    /// <param name="rest">From the record's first byte to the end of the file.</param>
    /// <param name="data">The record's data within it.</param>
    /// <returns>Whether there is a whole and sound record.</returns>
    public static bool TryRead(ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> data)
    {
        data = default;
        if (rest.Length < HeaderBytes + FooterBytes)
            return false;
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(rest);
        if (BinaryPrimitives.ReadUInt32LittleEndian(rest[sizeof(ulong)..]) != Masked(rest[..sizeof(ulong)])
            || length > (ulong)(rest.Length - HeaderBytes - FooterBytes))
        {
            return false;
        }

        ReadOnlySpan<byte> found = rest.Slice(HeaderBytes, (int)length);
        if (BinaryPrimitives.ReadUInt32LittleEndian(rest[(HeaderBytes + (int)length)..]) != Masked(found))
            return false;
        data = found;
        return true;
    }
}
