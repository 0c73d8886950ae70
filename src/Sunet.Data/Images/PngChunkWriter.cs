using System.Buffers.Binary;
using System.IO.Hashing;

namespace Sunet.Data.Images;

/// <summary>Writes PNG chunks, one after another, into memory that is large enough.</summary>
internal ref struct PngChunkWriter(Span<byte> target)
{
    private readonly Span<byte> target = target;

    /// <summary>How many bytes have been written.</summary>
    public int Length { get; private set; }

    /// <summary>The bytes written so far, valid as long as the memory is.</summary>
    public readonly ReadOnlySpan<byte> Written => target[..Length];

    /// <summary>Copies bytes as they are.</summary>
    public void Copy(scoped ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(target[Length..]);
        Length += bytes.Length;
    }

    /// <summary>Writes one chunk with its length and checksum.</summary>
    public void Write(uint type, scoped ReadOnlySpan<byte> data)
    {
        Span<byte> chunk = target.Slice(Length, data.Length + 12);
        BinaryPrimitives.WriteInt32BigEndian(chunk, data.Length);
        BinaryPrimitives.WriteUInt32BigEndian(chunk[4..], type);
        data.CopyTo(chunk[8..]);
        BinaryPrimitives.WriteUInt32BigEndian(chunk[^4..], Crc32.HashToUInt32(chunk[4..^4]));
        Length += chunk.Length;
    }
}
