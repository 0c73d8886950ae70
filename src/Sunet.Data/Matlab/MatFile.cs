using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using CommunityToolkit.HighPerformance;
using Sunet.Data.Images;

namespace Sunet.Data.Matlab;

/// <summary>
/// Reads one matrix of bytes that is a field of a structure, out of a MATLAB 5 file (as <c>save -v6</c> and <c>-v7</c> write them; The
/// MathWorks, "MAT-File Format"). All else in the file is skipped, and memory is bounded by the file and the matrix.
/// </summary>
/// <param name="path">The file.</param>
/// <param name="variable">The structure's name.</param>
/// <param name="field">The field's name.</param>
/// <param name="pixelCap">Larger matrices are refused by their header.</param>
internal sealed class MatFile(string path, string variable, string field, long pixelCap)
{
    private const int HeaderLength = 128;
    private const int StructClass = 2;
    private const int FirstNumericClass = 6;
    private const int LastNumericClass = 15;

    // What a file may unpack to beside the matrix itself: bounds the time an archive bomb takes.
    private const long LargestRest = 64 << 20;

    private PixelBuffer<byte>? target;

    /// <summary>Reads the matrix.</summary>
    /// <param name="scratch">Memory for the file.</param>
    /// <param name="pixels">Memory for the matrix: [H, W] in row-major order; null where only its size is wanted.</param>
    /// <returns>The matrix's size.</returns>
    /// <exception cref="DataException">The file cannot be read, is no such file, is damaged, or has no such matrix.</exception>
    public (int Height, int Width) Read(DecodeScratch scratch, PixelBuffer<byte>? pixels)
    {
        using MemoryStream file = scratch.OpenFile(path);
        return Read(file, pixels);
    }

    /// <summary>Reads a matrix of a file that is in memory already; the stream's buffer is visible.</summary>
    internal (int Height, int Width) Read(MemoryStream file, PixelBuffer<byte>? pixels)
    {
        target = pixels;
        var reader = new MatReader(file, path, file.Length);
        RequireHeader(reader);
        while (reader.Position < file.Length)
        {
            MatTag tag = reader.ReadTag(file.Length);
            if ((tag.Type == MatType.Compressed ? FindPacked(file, tag) : Find(reader, tag)) is { } size)
                return size;
            reader.SkipTo(tag.Next);
        }

        throw new DataException($"'{path}' has no variable '{variable}' with a matrix '{field}'.", path);
    }

    private void RequireHeader(MatReader reader)
    {
        // 116 bytes of text, 8 of an offset, the version, and the letters MI, which read IM where words are little-endian.
        Span<byte> header = stackalloc byte[HeaderLength];
        reader.Read(header);
        if (!header[124..].SequenceEqual("\0\u0001IM"u8))
            throw new DataException($"'{path}' is no MATLAB 5 file with little-endian words.", path);
    }

    private (int Height, int Width)? FindPacked(MemoryStream file, MatTag tag)
    {
        using var packed = new MemoryStream(file.GetBuffer(), (int)file.Position, tag.Length, writable: false);
        using var unpacked = new ZLibStream(packed, CompressionMode.Decompress);
        var reader = new MatReader(unpacked, path, LargestRest + pixelCap);
        (int Height, int Width)? found = Find(reader, reader.ReadTag(long.MaxValue));
        reader.SkipToEnd();
        return found;
    }

    private (int Height, int Width)? Find(MatReader reader, MatTag element)
    {
        if (element.Type != MatType.Matrix)
            return null;
        long end = element.Next;
        var (kind, height, width) = ReadHead(reader, end);
        if (reader.ReadText(end) != variable || kind != StructClass)
            return null;
        if ((height, width) != (1, 1))
            throw reader.Damaged($"'{variable}' is not one structure");
        for (int before = IndexOfField(reader, end); before > 0; before--)
            reader.SkipTo(reader.ReadTag(MatType.Matrix, end).Next);
        (int Height, int Width) size = ReadBytes(reader, reader.ReadTag(MatType.Matrix, end));
        reader.SkipTo(end);
        return size;
    }

    private int IndexOfField(MatReader reader, long end)
    {
        const int LongestName = 64, MostFields = 64;
        Span<byte> word = stackalloc byte[4];
        bool isWord = reader.ReadData(reader.ReadTag(MatType.Int32, end), word).Length == word.Length;
        int length = BinaryPrimitives.ReadInt32LittleEndian(word);
        if (!isWord || length is < 1 or > LongestName)
            throw reader.Damaged("the names of its fields have no sensible length");
        ReadOnlySpan<byte> names = reader.ReadData(reader.ReadTag(MatType.Int8, end), stackalloc byte[LongestName * MostFields]);
        for (int i = 0; (i + 1) * length <= names.Length; i++)
        {
            if (Encoding.ASCII.GetString(names.Slice(i * length, length)).TrimEnd('\0') == field)
                return i;
        }

        throw reader.Damaged($"its structure has no field '{field}'");
    }

    private (int Height, int Width) ReadBytes(MatReader reader, MatTag matrix)
    {
        long end = matrix.Next;
        var (kind, height, width) = ReadHead(reader, end);
        reader.ReadText(end);
        MatTag data = reader.ReadTag(end);

        // MATLAB stores the numbers of any class as bytes where they fit.
        if (kind is < FirstNumericClass or > LastNumericClass || data.Type != MatType.UInt8)
            throw reader.Damaged($"'{field}' is no matrix of bytes");
        SkiaDecoder.RequireSize(height, width, pixelCap, path);
        if (data.Length != (long)height * width)
            throw reader.Damaged($"'{field}' claims {width} x {height} elements but has {data.Length}");
        if (target is not null)
            ReadColumns(reader, target.Reserve(height, width).Span);
        return (height, width);
    }

    private static void ReadColumns(MatReader reader, Span2D<byte> pixels)
    {
        var column = new byte[pixels.Height];
        for (int x = 0; x < pixels.Width; x++)
        {
            reader.Read(column);
            for (int y = 0; y < column.Length; y++)
                pixels[y, x] = column[y];
        }
    }

    /// <summary>The class and the size of a matrix, from its flags and dimensions; its name follows.</summary>
    private static (int Class, int Height, int Width) ReadHead(MatReader reader, long end)
    {
        const int FlagsLength = 8, MostDimensions = 32;
        ReadOnlySpan<byte> flags = reader.ReadData(reader.ReadTag(MatType.UInt32, end), stackalloc byte[FlagsLength]);
        if (flags.Length != FlagsLength)
            throw reader.Damaged("a matrix has no flags");
        ReadOnlySpan<byte> dimensions = reader.ReadData(reader.ReadTag(MatType.Int32, end), stackalloc byte[MostDimensions * 4]);

        // What has more than two dimensions is nothing to read here; a size of nothing says so.
        bool isMatrix = dimensions.Length == 8;
        return (flags[0],
            isMatrix ? BinaryPrimitives.ReadInt32LittleEndian(dimensions) : 0,
            isMatrix ? BinaryPrimitives.ReadInt32LittleEndian(dimensions[4..]) : 0);
    }
}
