using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;

namespace Sunet.Data.Tests;

/// <summary>Makes PNGs of any kind, independently of the product's own writer.</summary>
internal static class TestPng
{
    /// <summary>Packs indices, one sample a pixel, into a grey (0) or palette (3) PNG.</summary>
    public static byte[] Indexed(byte[,] indices, int bitDepth, int colourType, byte[]? palette = null, byte[]? transparency = null)
    {
        int height = indices.GetLength(0), width = indices.GetLength(1), rowBytes = ((width * bitDepth) + 7) / 8;
        var raw = new byte[height * (rowBytes + 1)];
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                int bit = x * bitDepth;
                raw[(y * (rowBytes + 1)) + 1 + (bit / 8)] |= (byte)(indices[y, x] << (8 - bitDepth - (bit % 8)));
            }
        }

        return File(height, width, bitDepth, colourType, raw, palette, transparency);
    }

    /// <summary>Frames filtered rows as a PNG.</summary>
    public static byte[] File(
        int height, int width, int bitDepth, int colourType, byte[] raw, byte[]? palette = null, byte[]? transparency = null)
    {
        var file = new MemoryStream();
        file.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = ((byte)bitDepth, (byte)colourType);
        Chunk(file, "IHDR", header);
        if (palette is not null)
            Chunk(file, "PLTE", palette);
        if (transparency is not null)
            Chunk(file, "tRNS", transparency);
        var compressed = new MemoryStream();
        using (var zlib = new ZLibStream(compressed, CompressionLevel.Optimal, leaveOpen: true))
            zlib.Write(raw);
        Chunk(file, "IDAT", compressed.ToArray());
        Chunk(file, "IEND", []);
        return file.ToArray();
    }

    private static void Chunk(MemoryStream file, string type, byte[] data)
    {
        byte[] body = [.. Encoding.ASCII.GetBytes(type), .. data];
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        file.Write(number);
        file.Write(body);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc32.HashToUInt32(body));
        file.Write(number);
    }
}
