using System.Buffers.Binary;
using System.Text;

namespace Sunet.Data.Matlab;

/// <summary>Reads the elements of a MATLAB 5 file forward, never more than was allowed and never beyond the element they are in.</summary>
/// <param name="stream">The elements' bytes.</param>
/// <param name="path">The file's name, for messages.</param>
/// <param name="limit">The most bytes to read.</param>
internal sealed class MatReader(Stream stream, string path, long limit)
{
    private readonly byte[] skipped = new byte[4096];

    /// <summary>The bytes read so far.</summary>
    public long Position { get; private set; }

    /// <summary>Reads the tag of an element that ends before <paramref name="end"/>.</summary>
    /// <exception cref="DataException">The file ends, or the element does not fit.</exception>
    public MatTag ReadTag(long end)
    {
        Span<byte> word = stackalloc byte[4];
        Read(word);
        uint first = BinaryPrimitives.ReadUInt32LittleEndian(word);

        // Up to four bytes of data share the tag's eight bytes: then the length stands above the type.
        bool isSmall = first > 0xFFFF;
        uint length = first >> 16;
        if (!isSmall)
        {
            Read(word);
            length = BinaryPrimitives.ReadUInt32LittleEndian(word);
        }

        var type = (MatType)(first & 0xFFFF);
        long dataEnd = Position + length;
        if (dataEnd > end || length > int.MaxValue || (isSmall && length > 4))
            throw Damaged("an element is larger than what it is in");
        bool isPadded = !isSmall && type != MatType.Compressed;
        long next = isSmall ? Position + 4 : isPadded ? Position + ((length + 7L) & ~7L) : dataEnd;
        return new MatTag(type, (int)length, Math.Min(next, end));
    }

    /// <summary>Reads the tag of an element whose type is known.</summary>
    /// <exception cref="DataException">It is another type.</exception>
    public MatTag ReadTag(MatType expected, long end)
    {
        MatTag tag = ReadTag(end);
        return tag.Type == expected ? tag : throw Damaged($"an element is of type {(int)tag.Type} where {(int)expected} belongs");
    }

    /// <summary>Reads a short element's data and goes on to the next.</summary>
    /// <param name="tag">Read just before.</param>
    /// <param name="buffer">Memory for it.</param>
    /// <returns>The part of the buffer that was filled.</returns>
    /// <exception cref="DataException">It is longer than the buffer, or the file ends.</exception>
    public Span<byte> ReadData(MatTag tag, Span<byte> buffer)
    {
        if (tag.Length > buffer.Length)
            throw Damaged($"an element has {tag.Length} bytes where at most {buffer.Length} belong");
        Span<byte> data = buffer[..tag.Length];
        Read(data);
        SkipTo(tag.Next);
        return data;
    }

    /// <summary>Reads a short element of text and goes on to the next.</summary>
    public string ReadText(long end)
    {
        const int LongestName = 64;
        return Encoding.ASCII.GetString(ReadData(ReadTag(MatType.Int8, end), stackalloc byte[LongestName]));
    }

    /// <summary>Fills a buffer.</summary>
    /// <exception cref="DataException">The file ends or is damaged.</exception>
    public void Read(Span<byte> target)
    {
        if (TryRead(target) < target.Length)
            throw new DataException($"'{path}' is truncated: its data ends early.", path);
    }

    /// <summary>Goes forward.</summary>
    /// <exception cref="DataException">The file ends or is damaged.</exception>
    public void SkipTo(long position)
    {
        while (Position < position)
            Read(skipped.AsSpan(0, (int)Math.Min(skipped.Length, position - Position)));
    }

    /// <summary>Reads all that is left, so that a checksum at its end is verified.</summary>
    /// <exception cref="DataException">The file is damaged.</exception>
    public void SkipToEnd()
    {
        while (TryRead(skipped) > 0)
        {
        }
    }

    /// <summary>The exception for a file that does not keep to the format.</summary>
    public DataException Damaged(string problem) => new($"'{path}' is damaged: {problem}.", path);

    private int TryRead(Span<byte> target)
    {
        try
        {
            int count = stream.ReadAtLeast(target, target.Length, throwOnEndOfStream: false);
            Position += count;
            if (Position > limit)
                throw Damaged($"it unpacks to more than {limit} bytes");
            return count;
        }
        catch (Exception failure) when (failure is InvalidDataException or IOException)
        {
            throw new DataException($"'{path}' is damaged: its compressed data cannot be unpacked.", path, failure);
        }
    }
}
