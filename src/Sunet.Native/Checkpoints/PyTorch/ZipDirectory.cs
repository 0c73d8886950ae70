using System.Buffers.Binary;
using System.Text;
using Sunet.Native.Files;

namespace Sunet.Native.Checkpoints.PyTorch;

/// <summary>
/// The entries of a zip archive (PKWARE's APPNOTE 6.3.9, sections 4.3 and 4.4) below 4 GiB. torch.save writes it uncompressed, so that it
/// can be read in place, which System.IO.Compression does not offer; what a zip tool made of that, with entries deflated, folders and a
/// comment, is read as well.
/// </summary>
internal static class ZipDirectory
{
    private const int EndBytes = 22;
    private const int CentralBytes = 46;
    private const int LocalBytes = 30;
    private const int LongestName = 1024;
    private const int Stored = 0, Deflated = 8;

    /// <summary>What deflate makes of a byte at most, so that no entry can declare more.</summary>
    private const long LargestRatio = 1032;

    /// <summary>Whether a file starts as an archive does.</summary>
    public static bool Recognises(ReadOnlySpan<byte> head) => head.StartsWith("PK\x03\x04"u8);

    /// <summary>Lists an archive's files by name; every name stays within the archive's root.</summary>
    /// <exception cref="FormatException">The archive is damaged; the message is a clause.</exception>
    /// <exception cref="NotSupportedException">An entry is encrypted or compressed in another way, or the archive is too large.</exception>
    public static Dictionary<string, ZipEntry> Read(MappedFile file)
    {
        if (file.Length > uint.MaxValue)
            throw new NotSupportedException("archives of 4 GiB and more are not read");
        long end = FindEnd(file);
        ReadOnlySpan<byte> record = file.Slice(end, EndBytes);
        int count = BinaryPrimitives.ReadUInt16LittleEndian(record[10..]);
        long bytes = BinaryPrimitives.ReadUInt32LittleEndian(record[12..]);
        long position = BinaryPrimitives.ReadUInt32LittleEndian(record[16..]);
        if (count == ushort.MaxValue)
            throw new NotSupportedException($"archives of {ushort.MaxValue} and more entries are not read");
        if (position + bytes > end || bytes > int.MaxValue)
            throw new FormatException("the archive's directory lies outside the file");

        var entries = new Dictionary<string, ZipEntry>(StringComparer.Ordinal);
        ReadOnlySpan<byte> directory = file.Slice(position, (int)bytes);
        for (int i = 0; i < count; i++)
        {
            if (directory.Length < CentralBytes || !directory.StartsWith("PK\x01\x02"u8))
                throw new FormatException($"entry {i} of the archive's directory is malformed");
            int nameBytes = BinaryPrimitives.ReadUInt16LittleEndian(directory[28..]);
            int entryBytes = CentralBytes + nameBytes + BinaryPrimitives.ReadUInt16LittleEndian(directory[30..])
                + BinaryPrimitives.ReadUInt16LittleEndian(directory[32..]);
            if (entryBytes > directory.Length)
                throw new FormatException($"entry {i} of the archive's directory is malformed");
            string name = Name(directory.Slice(CentralBytes, nameBytes));
            ZipEntry entry = Entry(file, directory, name, position);
            bool isFolder = name.EndsWith('/') && entry.Bytes == 0;
            if (!isFolder && !entries.TryAdd(name, entry))
                throw new FormatException($"entry '{name}' occurs twice");
            directory = directory[entryBytes..];
        }

        return directory.IsEmpty ? entries : throw new FormatException("the archive's directory has more entries than it says");
    }

    /// <summary>
    /// Where the record at the end starts. A comment, and whatever a transfer has appended, may follow, as far as a comment could reach.
    /// </summary>
    private static long FindEnd(MappedFile file)
    {
        int tailBytes = (int)Math.Min(file.Length, EndBytes + ushort.MaxValue);
        long start = file.Length - tailBytes;
        ReadOnlySpan<byte> tail = file.Slice(start, tailBytes);
        int at = tail.Length < EndBytes ? -1 : tail[..^(EndBytes - 4)].LastIndexOf("PK\x05\x06"u8);
        return at >= 0 ? start + at : throw new FormatException("it is truncated: the archive's directory is missing");
    }

    private static ZipEntry Entry(MappedFile file, ReadOnlySpan<byte> central, string name, long end)
    {
        int flags = BinaryPrimitives.ReadUInt16LittleEndian(central[8..]), method = BinaryPrimitives.ReadUInt16LittleEndian(central[10..]);
        if (method is not (Stored or Deflated) || (flags & 1) != 0)
            throw new NotSupportedException($"entry '{name}' is encrypted, or compressed in another way than by deflate");
        uint checksum = BinaryPrimitives.ReadUInt32LittleEndian(central[16..]);
        long packed = BinaryPrimitives.ReadUInt32LittleEndian(central[20..]);
        long bytes = BinaryPrimitives.ReadUInt32LittleEndian(central[24..]);
        long header = BinaryPrimitives.ReadUInt32LittleEndian(central[42..]);
        if ((method == Stored ? packed != bytes : bytes > packed * LargestRatio) || header + LocalBytes > end)
            throw new FormatException($"entry '{name}' lies outside the archive");

        ReadOnlySpan<byte> local = file.Slice(header, LocalBytes);
        int nameBytes = BinaryPrimitives.ReadUInt16LittleEndian(local[26..]);
        long start = header + LocalBytes + nameBytes + BinaryPrimitives.ReadUInt16LittleEndian(local[28..]);
        if (!local.StartsWith("PK\x03\x04"u8) || start + packed > end
            || !file.Slice(header + LocalBytes, nameBytes).SequenceEqual(central.Slice(CentralBytes, nameBytes)))
        {
            throw new FormatException($"entry '{name}' is not where the archive's directory says");
        }

        return new ZipEntry(start, packed, bytes, method == Deflated, checksum);
    }

    private static string Name(ReadOnlySpan<byte> bytes)
    {
        string name = Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, LongestName)]);
        string file = name.EndsWith('/') ? name[..^1] : name; // a folder
        if (bytes.Length > LongestName || name.Contains('\\', StringComparison.Ordinal) || name.Any(char.IsControl)
            || file.Split('/').Any(part => part is "" or "." or ".."))
        {
            throw new FormatException($"entry '{ShownText.Of(name)}' leaves its folder");
        }

        return name;
    }
}
