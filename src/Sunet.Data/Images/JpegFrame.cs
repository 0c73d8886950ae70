using System.Buffers.Binary;

namespace Sunet.Data.Images;

/// <summary>A JPEG's frame header: how its samples are coded.</summary>
/// <param name="Marker">The second byte of the marker that begins it, 0xC0 to 0xCF.</param>
/// <param name="Precision">Bits a sample.</param>
/// <param name="Height">Rows.</param>
/// <param name="Width">Samples a row.</param>
/// <param name="Components">The colour components.</param>
internal sealed record JpegFrame(int Marker, int Precision, int Height, int Width, JpegComponent[] Components)
{
    private const int BlockSide = 8;

    /// <summary>Whether coefficients come in several scans of rising precision.</summary>
    public bool IsProgressive => Marker is 0xC2 or 0xCA;

    /// <summary>Whether codes are Huffman's; else they are arithmetic.</summary>
    public bool IsHuffman => Marker < 0xC8;

    /// <summary>The widest component's blocks in a row of an MCU.</summary>
    public int MostAcross => Components.Max(c => c.Across);

    /// <summary>The highest component's blocks in a column of an MCU.</summary>
    public int MostDown => Components.Max(c => c.Down);

    /// <summary>MCUs in a row where all components are in one scan.</summary>
    public int UnitsAcross => Parts(Width, BlockSide * MostAcross);

    /// <summary>MCUs in a column where all components are in one scan.</summary>
    public int UnitsDown => Parts(Height, BlockSide * MostDown);

    /// <summary>The blocks of all components, as they are stored: in whole MCUs.</summary>
    public long Blocks => Components.Sum(c => (long)UnitsAcross * UnitsDown * c.Across * c.Down);

    /// <summary>Reads the header's data.</summary>
    /// <returns>Null where it is none: the decoder tells why.</returns>
    public static JpegFrame? Parse(int marker, ReadOnlySpan<byte> data)
    {
        const int Fixed = 6, PerComponent = 3, MostComponents = 4, MostFactor = 4;
        if (data.Length < Fixed || data.Length < Fixed + (PerComponent * data[5]) || data[5] is 0 or > MostComponents)
            return null;
        var components = new JpegComponent[data[5]];
        for (int i = 0; i < components.Length; i++)
        {
            ReadOnlySpan<byte> entry = data[(Fixed + (PerComponent * i))..];
            components[i] = new JpegComponent(entry[0], entry[1] >> 4, entry[1] & 15, entry[2]);
            if (components[i].Across is 0 or > MostFactor || components[i].Down is 0 or > MostFactor)
                return null;
        }

        int height = BinaryPrimitives.ReadUInt16BigEndian(data[1..]), width = BinaryPrimitives.ReadUInt16BigEndian(data[3..]);
        return height == 0 || width == 0 ? null : new JpegFrame(marker, data[0], height, width, components);
    }

    /// <summary>The blocks in a row and a column of a component, those alone that hold pixels.</summary>
    public (int Across, int Down) BlocksOf(int component) => (
        Parts(Parts(Width * Components[component].Across, MostAcross), BlockSide),
        Parts(Parts(Height * Components[component].Down, MostDown), BlockSide));

    /// <summary>The MCUs of a scan, and the blocks of each: a scan of one component has the blocks that hold pixels, one an MCU.</summary>
    public (int Units, int BlocksEach) UnitsOf(JpegScan scan)
    {
        if (scan.Components.Length == 1)
        {
            (int across, int down) = BlocksOf(scan.Components[0]);
            return (across * down, 1);
        }

        return (UnitsAcross * UnitsDown, scan.Components.Sum(c => Components[c].Across * Components[c].Down));
    }

    /// <summary>Whether a scan has the restart markers it should; some encoders write one behind the last MCU too.</summary>
    public bool HasRestartsOf(JpegScan scan)
    {
        int wanted = scan.RestartInterval == 0 ? 0 : Parts(UnitsOf(scan).Units, scan.RestartInterval) - 1;
        return scan.Restarts == wanted || scan.Restarts == wanted + 1;
    }

    /// <summary>How many parts a whole has, of which the last may be smaller.</summary>
    public static int Parts(int whole, int part) => (whole + part - 1) / part;
}
