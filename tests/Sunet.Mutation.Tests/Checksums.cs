using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Text;

namespace Sunet.Mutation.Tests;

/// <summary>Makes the checksums of changed files right again, so that changes reach what lies behind them.</summary>
internal static class Checksums
{
    /// <summary>Repairs the checksum of each chunk of a PNG that is still whole.</summary>
    public static byte[] RepairPng(byte[] png)
    {
        const int Signature = 8, Frame = 12;
        int at = Signature;
        while (png.Length - at >= Frame)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(png.AsSpan(at));
            if (length > png.Length - at - Frame)
                return png;
            Span<byte> chunk = png.AsSpan(at, (int)length + Frame);
            BinaryPrimitives.WriteUInt32BigEndian(chunk[^4..], Crc32.HashToUInt32(chunk[4..^4]));
            at += chunk.Length;
        }

        return png;
    }

    /// <summary>Repairs the digest of a safetensors file that has one.</summary>
    public static byte[] RepairSafetensors(byte[] file)
    {
        const int Digits = 32;
        ReadOnlySpan<byte> mark = "xxh3-128:"u8;
        int at = file.AsSpan().IndexOf(mark);
        if (at < 0 || at + mark.Length + Digits > file.Length)
            return file;
        Span<byte> digits = file.AsSpan(at + mark.Length, Digits);
        digits.Fill((byte)'0');
        string digest = XxHash128.HashToUInt128(file).ToString("x32", CultureInfo.InvariantCulture);
        Encoding.ASCII.GetBytes(digest).CopyTo(digits);
        return file;
    }

    /// <summary>Clears the checksums of the entries of a zip archive: zeros say that none was computed.</summary>
    public static byte[] RepairZip(byte[] archive)
    {
        Clear(archive, "PK\u0003\u0004"u8, 14);
        Clear(archive, "PK\u0001\u0002"u8, 16);
        return archive;
    }

    private static void Clear(Span<byte> archive, ReadOnlySpan<byte> mark, int offset)
    {
        int at;
        while ((at = archive.IndexOf(mark)) >= 0 && at + offset + sizeof(uint) <= archive.Length)
        {
            archive.Slice(at + offset, sizeof(uint)).Clear();
            archive = archive[(at + mark.Length)..];
        }
    }
}
