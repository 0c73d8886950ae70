using CommunityToolkit.HighPerformance;

namespace Sunet.Data.Images;

/// <summary>Writes label maps as 8-bit palette PNGs with the VOC colour map, the way PASCAL VOC ships them.</summary>
public static class IndexPngWriter
{
    /// <summary>Writes or replaces a file; a reader never sees half of it.</summary>
    /// <param name="path">The file; its folder exists.</param>
    /// <param name="labels">[H, W] class indices.</param>
    /// <exception cref="ArgumentException">The map is empty.</exception>
    /// <exception cref="DataException">The file cannot be written.</exception>
    public static void Write(string path, ReadOnlySpan2D<byte> labels) => AtomicFile.Write(path, Encode(labels));

    /// <summary>Writes a file's bytes to a stream.</summary>
    /// <param name="stream">Written to from where it is, and left open.</param>
    /// <param name="labels">[H, W] class indices.</param>
    /// <exception cref="ArgumentException">The map is empty.</exception>
    /// <exception cref="DataException">The stream cannot be written.</exception>
    public static void Write(Stream stream, ReadOnlySpan2D<byte> labels) => StreamFile.Write(stream, Encode(labels));

    /// <summary>The file's bytes.</summary>
    internal static ReadOnlySpan<byte> Encode(ReadOnlySpan2D<byte> labels)
    {
        using var encoder = new IndexPngEncoder();
        return encoder.Encode(labels);
    }
}
