using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;
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
        if (labels.IsEmpty)
            throw new ArgumentException("A label map has at least one pixel.", nameof(labels));
        ReadOnlySpan<byte> pixels = Compress(labels);
        ReadOnlySpan<byte> palette = MemoryMarshal.AsBytes(VocPalette.Colours);

        const int Frame = 12, Chunks = 4;
        int length = ImageFormats.PngSignature.Length + PngHeader.Length + palette.Length + pixels.Length + Chunks * Frame;
        var writer = new PngChunkWriter(new byte[length]);
        writer.Copy(ImageFormats.PngSignature);
        Span<byte> header = stackalloc byte[PngHeader.Length];
        BinaryPrimitives.WriteInt32BigEndian(header, labels.Width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], labels.Height);
        header[8] = 8;
        header[9] = 3;
        writer.Write(PngChunkTypes.Ihdr, header);
        writer.Write(PngChunkTypes.Plte, palette);
        writer.Write(PngChunkTypes.Idat, pixels);
        writer.Write(PngChunkTypes.Iend, []);
        return writer.Written;
    }

    private static ReadOnlySpan<byte> Compress(ReadOnlySpan2D<byte> labels)
    {
        var stream = new MemoryStream();
        using (var compressor = new ZLibStream(stream, CompressionLevel.Optimal, leaveOpen: true))
        {
            for (int y = 0; y < labels.Height; y++)
            {
                // Each row begins with its filter; long runs of one index need none.
                compressor.WriteByte(0);
                compressor.Write(labels.GetRowSpan(y));
            }
        }

        return stream.GetBuffer().AsSpan(0, (int)stream.Length);
    }
}
