using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Sunet.Data.Tests;

/// <summary>Makes MATLAB 5 files, independently of the product's reader.</summary>
internal static class TestMat
{
    private const int Int8 = 1, UInt8 = 2, Int32 = 5, UInt32 = 6, Matrix = 14, Compressed = 15;
    private const byte StructClass = 2, DoubleClass = 6, UInt8Class = 9;

    /// <summary>A file of the Semantic Boundaries Dataset: <c>GTcls</c> with boundaries, a segmentation and a list of classes.</summary>
    public static byte[] Sbd(byte[,] labels, bool compressed = true) =>
        File(compressed, Element(Matrix, Struct("GTcls", ("Boundaries", Bytes("", new byte[2, 3])), ("Segmentation", Bytes("", labels)),
            ("CategoriesPresent", Bytes("", new byte[1, 1])))));

    /// <summary>A file of some elements.</summary>
    public static byte[] File(bool compressed, params byte[][] elements)
    {
        var header = new byte[128];
        Encoding.ASCII.GetBytes("MATLAB 5.0 MAT-file, made by a test").CopyTo(header, 0);
        (header[125], header[126], header[127]) = (1, (byte)'I', (byte)'M');
        return [.. header, .. elements.SelectMany(element => compressed ? Element(Compressed, Deflate(element), pad: false) : element)];
    }

    /// <summary>The data of a structure of one element.</summary>
    public static byte[] Struct(string name, params (string Name, byte[] Matrix)[] fields)
    {
        const int NameLength = 20;
        IEnumerable<byte> names = fields.SelectMany(field => Encoding.ASCII.GetBytes(field.Name.PadRight(NameLength, '\0')));
        return
        [
            .. Head(StructClass, name, 1, 1), .. Small(Int32, Word(NameLength)), .. Element(Int8, [.. names]),
            .. fields.SelectMany(field => Element(Matrix, field.Matrix)),
        ];
    }

    /// <summary>The data of a matrix, stored in bytes and column by column, of class uint8 or double.</summary>
    public static byte[] Bytes(string name, byte[,] values, bool asDouble = false)
    {
        int rows = values.GetLength(0), columns = values.GetLength(1);
        IEnumerable<byte> data = Enumerable.Range(0, columns).SelectMany(x => Enumerable.Range(0, rows).Select(y => values[y, x]));
        return [.. Head(asDouble ? DoubleClass : UInt8Class, name, rows, columns), .. Element(UInt8, [.. data])];
    }

    /// <summary>An element: tag and data.</summary>
    public static byte[] Element(int type, byte[] data, bool pad = true) =>
        [.. Word(type), .. Word(data.Length), .. data, .. new byte[pad ? -data.Length & 7 : 0]];

    /// <summary>An element of an array.</summary>
    public static byte[] Array(byte[] data) => Element(Matrix, data);

    /// <summary>Flags, dimensions and name.</summary>
    private static byte[] Head(byte kind, string name, int rows, int columns) =>
    [
        .. Element(UInt32, [kind, 0, 0, 0, 0, 0, 0, 0]), .. Element(Int32, [.. Word(rows), .. Word(columns)]),
        .. name.Length is > 0 and <= 4 ? Small(Int8, Encoding.ASCII.GetBytes(name)) : Element(Int8, Encoding.ASCII.GetBytes(name)),
    ];

    private static byte[] Small(int type, byte[] data) => [(byte)type, 0, (byte)data.Length, 0, .. data, .. new byte[4 - data.Length]];

    private static byte[] Word(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return bytes;
    }

    private static byte[] Deflate(byte[] data)
    {
        var stream = new MemoryStream();
        using (var zlib = new ZLibStream(stream, CompressionLevel.Optimal, leaveOpen: true))
            zlib.Write(data);
        return stream.ToArray();
    }
}
