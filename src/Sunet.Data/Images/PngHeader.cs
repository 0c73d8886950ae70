using System.Buffers.Binary;

namespace Sunet.Data.Images;

/// <summary>The fields of a PNG's IHDR chunk that decide how it is read.</summary>
/// <param name="Width">Pixels a row.</param>
/// <param name="Height">Rows.</param>
/// <param name="BitDepth">Bits a sample: 1, 2, 4, 8 or 16.</param>
/// <param name="ColourType">0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGBA.</param>
internal readonly record struct PngHeader(int Width, int Height, int BitDepth, int ColourType)
{
    /// <summary>The length of IHDR's data.</summary>
    public const int Length = 13;

    /// <summary>Reads the data of IHDR; sizes beyond 31 bits come out negative.</summary>
    public static PngHeader Parse(ReadOnlySpan<byte> data) => new(
        BinaryPrimitives.ReadInt32BigEndian(data),
        BinaryPrimitives.ReadInt32BigEndian(data[4..]),
        data[8],
        data[9]);
}
