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
    public static uint Crc32C(ReadOnlySpan<byte> data) => ~Continued(uint.MaxValue, data);

    /// <summary>The sum over data that comes in parts, before its last complement; it begins as all ones.</summary>
    public static uint Continued(uint crc, ReadOnlySpan<byte> data)
    {
        for (; data.Length >= sizeof(ulong); data = data[sizeof(ulong)..])
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(data));
        foreach (byte value in data)
            crc = BitOperations.Crc32C(crc, value);
        return crc;
    }

    /// <summary>A sum as the format stores it, rotated and shifted, so that data may itself hold sums.</summary>
    public static uint Masked(uint sum) => BitOperations.RotateRight(sum, 15) + MaskDelta;

    /// <summary>Appends a record.</summary>
    public static void Write(Stream stream, ReadOnlySpan<byte> data)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[sizeof(ulong)..], Masked(Crc32C(header[..sizeof(ulong)])));
        Span<byte> footer = stackalloc byte[FooterBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(footer, Masked(Crc32C(data)));
        stream.Write(header);
        stream.Write(data);
        stream.Write(footer);
    }

    /// <summary>Reads the length of a record's data.</summary>
    /// <param name="header">The record's first <see cref="HeaderBytes"/>.</param>
    /// <param name="length">The length in bytes.</param>
    /// <returns>Whether the header is sound.</returns>
    public static bool TryReadLength(ReadOnlySpan<byte> header, out ulong length)
    {
        length = BinaryPrimitives.ReadUInt64LittleEndian(header);
        return BinaryPrimitives.ReadUInt32LittleEndian(header[sizeof(ulong)..]) == Masked(Crc32C(header[..sizeof(ulong)]));
    }
}
