using System.Buffers.Binary;
using System.Text;

namespace Sunet.Native.Checkpoints.PyTorch;

/// <summary>An entry of a zip archive.</summary>
/// <param name="Position">Where its bytes start in the file.</param>
/// <param name="Bytes">How many there are.</param>
/// <param name="Checksum">Their CRC-32.</param>
internal readonly record struct ZipEntry(long Position, long Bytes, uint Checksum);

/// <summary>
/// The entries of a zip archive as torch.save writes it (PKWARE's APPNOTE 6.3.9, sections 4.3 and 4.4): uncompressed, so that they can be
/// read in place, which System.IO.Compression does not offer; without comment; below 4 GiB.
/// </summary>
internal static class ZipDirectory
{
    private const int EndBytes = 22;
    private const int CentralBytes = 46;
    private const int LocalBytes = 30;
    private const int LongestName = 1024;

    /// <summary>Whether a file starts as an archive does.</summary>
    public static bool Recognises(ReadOnlySpan<byte> head) => head.StartsWith("PK\x03\x04"u8);

    /// <summary>Lists an archive's entries by name; every name stays within the archive's root.</summary>
    /// <exception cref="FormatException">The archive is damaged; the message is a clause.</exception>
    /// <exception cref="NotSupportedException">An entry is compressed or encrypted, or the archive is too large.</exception>
    public static Dictionary<string, ZipEntry> Read(MappedFile file)
    {
        if (file.Length > uint.MaxValue)
            throw new NotSupportedException("archives of 4 GiB and more are not read");
        long end = file.Length - EndBytes;
        if (end < 0 || !file.Slice(end, EndBytes).StartsWith("PK\x05\x06"u8))
            throw new FormatException("it is truncated: the archive's directory is missing");
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
            if (!entries.TryAdd(name, Entry(file, directory, name, position)))
                throw new FormatException($"entry '{name}' occurs twice");
            directory = directory[entryBytes..];
        }

        return directory.IsEmpty ? entries : throw new FormatException("the archive's directory has more entries than it says");
    }

    private static ZipEntry Entry(MappedFile file, ReadOnlySpan<byte> central, string name, long end)
    {
        int flags = BinaryPrimitives.ReadUInt16LittleEndian(central[8..]), method = BinaryPrimitives.ReadUInt16LittleEndian(central[10..]);
        if (method != 0 || (flags & 1) != 0)
            throw new NotSupportedException($"entry '{name}' is compressed or encrypted, which torch.save never does");
        uint checksum = BinaryPrimitives.ReadUInt32LittleEndian(central[16..]);
        long packed = BinaryPrimitives.ReadUInt32LittleEndian(central[20..]);
        long bytes = BinaryPrimitives.ReadUInt32LittleEndian(central[24..]);
        long header = BinaryPrimitives.ReadUInt32LittleEndian(central[42..]);
        if (packed != bytes || header + LocalBytes > end)
            throw new FormatException($"entry '{name}' lies outside the archive");

        ReadOnlySpan<byte> local = file.Slice(header, LocalBytes);
        int nameBytes = BinaryPrimitives.ReadUInt16LittleEndian(local[26..]);
        long start = header + LocalBytes + nameBytes + BinaryPrimitives.ReadUInt16LittleEndian(local[28..]);
        if (!local.StartsWith("PK\x03\x04"u8) || start + bytes > end
            || !file.Slice(header + LocalBytes, nameBytes).SequenceEqual(central.Slice(CentralBytes, nameBytes)))
        {
            throw new FormatException($"entry '{name}' is not where the archive's directory says");
        }

        return new ZipEntry(start, bytes, checksum);
    }

    private static string Name(ReadOnlySpan<byte> bytes)
    {
        string name = Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, LongestName)]);
        if (bytes.Length > LongestName || name.Contains('\\', StringComparison.Ordinal) || name.Any(char.IsControl)
            || name.Split('/').Any(part => part is "" or "." or ".."))
        {
            string shown = string.Concat(name.Take(100).Select(c => char.IsControl(c) ? '?' : c));
            throw new FormatException($"entry '{shown}' leaves its folder");
        }

        return name;
    }
}
