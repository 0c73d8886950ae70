using System.IO.Compression;
using System.IO.Hashing;
using Sunet.Native.Files;

namespace Sunet.Native.Checkpoints.PyTorch;

/// <summary>An entry of a zip archive.</summary>
/// <param name="Position">Where its bytes start in the file.</param>
/// <param name="Packed">How many there are in the file.</param>
/// <param name="Bytes">How many there are when it is unpacked.</param>
/// <param name="IsDeflated">Whether they are compressed.</param>
/// <param name="Checksum">The CRC-32 of what is unpacked; 0 where the writer left it out, as PyTorch can.</param>
internal readonly record struct ZipEntry(long Position, long Packed, long Bytes, bool IsDeflated, uint Checksum)
{
    /// <summary>The content: in place, or unpacked into memory of exactly the size that the archive declares.</summary>
    /// <param name="file">The archive.</param>
    /// <param name="what">What the entry is, for messages.</param>
    /// <exception cref="FormatException">The content is damaged; the message is a clause.</exception>
    public ReadOnlySpan<byte> Read(MappedFile file, string what)
    {
        ReadOnlySpan<byte> content = IsDeflated ? Unpack(file, what) : file.Slice(Position, (int)Bytes);
        return Checksum == 0 || Crc32.HashToUInt32(content) == Checksum
            ? content
            : throw new FormatException($"{what} does not match its checksum");
    }

    private byte[] Unpack(MappedFile file, string what)
    {
        var content = new byte[Bytes];
        try
        {
            using UnmanagedMemoryStream packed = file.Open(Position, Packed);
            using var unpacked = new DeflateStream(packed, CompressionMode.Decompress);
            if (unpacked.ReadAtLeast(content, content.Length, throwOnEndOfStream: false) == content.Length && unpacked.ReadByte() < 0)
                return content;
        }
        catch (InvalidDataException e)
        {
            throw new FormatException($"{what} is not well compressed", e);
        }

        throw new FormatException($"{what} does not unpack to {Bytes} bytes");
    }
}
