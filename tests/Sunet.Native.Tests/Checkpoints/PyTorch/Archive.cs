using System.IO.Compression;
using System.Text;

namespace Sunet.Native.Tests.Checkpoints.PyTorch;

/// <summary>Zip archives for tests.</summary>
internal static class Archive
{
    /// <summary>An archive of files that are stored as they are.</summary>
    public static byte[] Of(params (string Name, byte[] Content)[] entries) => Of(CompressionLevel.NoCompression, entries);

    /// <summary>An archive; a name that ends with a slash is a folder.</summary>
    public static byte[] Of(CompressionLevel level, params (string Name, byte[] Content)[] entries)
    {
        using MemoryStream stream = new();
        using (ZipArchive archive = new(stream, ZipArchiveMode.Create, leaveOpen: true, Encoding.UTF8))
        {
            foreach ((string name, byte[] content) in entries)
            {
                using Stream entry = archive.CreateEntry(name, level).Open();
                entry.Write(content);
            }
        }

        return stream.ToArray();
    }

    /// <summary>Where the headers of a kind begin: "PK\x01\x02" in the directory, "PK\x03\x04" before an entry.</summary>
    public static IEnumerable<int> Headers(byte[] archive, byte kind) =>
        Enumerable.Range(0, archive.Length - 4).Where(at => archive.AsSpan(at).StartsWith([(byte)'P', (byte)'K', kind, (byte)(kind + 1)]));

    /// <summary>Leaves out every checksum, as PyTorch does with compute_crc32=False.</summary>
    public static byte[] WithoutChecksums(byte[] archive)
    {
        byte[] copy = [.. archive];
        foreach (int at in Headers(archive, 1))
            copy.AsSpan(at + 16, 4).Clear();
        foreach (int at in Headers(archive, 3))
            copy.AsSpan(at + 14, 4).Clear();
        return copy;
    }
}
