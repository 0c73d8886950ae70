using System.Buffers.Binary;
using System.IO.Hashing;

namespace Sunet.Data.Images;

/// <summary>Walks the chunks of a PNG and checks each one's length and CRC.</summary>
/// <remarks>A chunk is a 4-byte length, a 4-byte type, the data, and the CRC-32 of type and data.</remarks>
internal ref struct PngChunks
{
    private readonly string path;
    private ReadOnlySpan<byte> rest;

    /// <summary>Begins after the signature.</summary>
    /// <exception cref="DataException">The file is no PNG.</exception>
    public PngChunks(ReadOnlySpan<byte> file, string path)
    {
        if (ImageFormats.Detect(file) != ImageFormat.Png)
            throw new DataException($"'{path}' is not a PNG file.", path);
        this.path = path;
        rest = file[ImageFormats.PngSignature.Length..];
    }

    /// <summary>The current chunk's type, such as IHDR, as one big-endian number.</summary>
    public uint Type { get; private set; }

    /// <summary>The current chunk's data.</summary>
    public ReadOnlySpan<byte> Data { get; private set; }

    /// <summary>The current chunk with its length, type and CRC.</summary>
    public ReadOnlySpan<byte> Whole { get; private set; }

    /// <summary>Moves to the next chunk.</summary>
    /// <exception cref="DataException">The file ends inside a chunk, or the chunk is damaged.</exception>
    public void MoveNext()
    {
        const int Frame = 12;
        if (rest.Length < Frame)
            throw new DataException($"'{path}' is truncated: it ends without an IEND chunk.", path);
        uint length = BinaryPrimitives.ReadUInt32BigEndian(rest);
        if (length > rest.Length - Frame)
            throw new DataException($"'{path}' is truncated or damaged: a chunk of {length} bytes runs past its end.", path);
        Whole = rest[..((int)length + Frame)];
        Type = BinaryPrimitives.ReadUInt32BigEndian(Whole[4..]);
        Data = Whole[8..^4];
        if (Crc32.HashToUInt32(Whole[4..^4]) != BinaryPrimitives.ReadUInt32BigEndian(Whole[^4..]))
            throw new DataException($"'{path}' is damaged: the checksum of one of its chunks is wrong.", path);
        rest = rest[Whole.Length..];
    }
}
