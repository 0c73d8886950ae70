using System.Runtime.InteropServices;

namespace Sunet.Data.Images;

/// <summary>
/// Decodes the JPEGs that cameras and programs write most: Huffman codes in one scan, grey or YCbCr, colour in full or half resolution. The
/// pixels are to the bit those of the Independent JPEG Group's decoder. Every code is looked at once, so that damage shows here: what is
/// unusual or damaged in any way is left to others, who know more kinds and say what is wrong.
/// </summary>
/// <remarks>
/// Skia's own build of that decoder has no vector code on x64, and finds no damage, so that every code would be followed a second time.
/// Holds the working memory of one thread, which is used again for the next image.
/// </remarks>
internal sealed class BaselineJpeg
{
    private const int Tables = 4, BlockSide = 8, BlockLength = BlockSide * BlockSide;

    private readonly JpegLookup[] lookups = [.. Enumerable.Range(0, 2 * Tables).Select(_ => new JpegLookup())];
    private readonly int[][] quantizations = [.. Enumerable.Range(0, Tables).Select(_ => new int[BlockLength])];
    private readonly int[] predictors = new int[3];
    private readonly JpegPlane[] parts = new JpegPlane[3];
    private byte[] codes = [], samples = [], blue = [], red = [];
    private ushort[] sums = [];

    /// <summary>Whether a file is of the kind that is decoded here, as far as its markers tell.</summary>
    public static bool CanDecode(JpegStructure structure)
    {
        const int LeastSide = 2 * YccRows.Step;
        if (structure.Frame is not { Marker: 0xC0 or 0xC1, Precision: 8, Width: >= LeastSide } frame || structure.Scans is not [var scan])
            return false;
        bool isWhole = structure.HasEnd && frame.HasRestartsOf(scan) && MemoryFor(frame) <= Array.MaxLength;
        if (frame.Components.Length == 1)
            return isWhole && HasCodes(frame, scan);
        return isWhole && HasCodes(frame, scan) && !structure.HasOtherColours
            && scan.Components is [0, 1, 2] && frame.Components is
                [{ Id: 1, Across: 1 or 2, Down: 1 or 2 } luma, { Id: 2, Across: 1, Down: 1 }, { Id: 3, Across: 1, Down: 1 }]
            && luma.Across >= luma.Down;
    }

    /// <summary>The bytes of working memory for an image, beside its pixels.</summary>
    public static long MemoryFor(JpegFrame frame) => frame.Components.Length == 1
        ? (long)RoundUp.ToMultiple(frame.Width, BlockSide) * RoundUp.ToMultiple(frame.Height, BlockSide)
        : frame.Blocks * BlockLength;

    /// <summary>Decodes an image.</summary>
    /// <param name="file">The file.</param>
    /// <param name="structure">Its structure, of which <see cref="CanDecode"/> is true.</param>
    /// <param name="rgba">Receives [H, W] pixels of four bytes.</param>
    /// <returns>False where the file is not sound, or of another kind after all; the pixels are then undefined.</returns>
    public bool TryDecode(ReadOnlySpan<byte> file, JpegStructure structure, Span<byte> rgba)
    {
        (JpegFrame frame, JpegScan scan) = (structure.Frame!, structure.Scans[0]);
        if (!TryReadTables(file, structure))
            return false;
        Arrange(frame, scan);
        Span<uint> pixels = MemoryMarshal.Cast<byte, uint>(rgba);
        int unitSide = BlockSide * parts[0].Down, across = JpegFrame.Parts(frame.Width, BlockSide * parts[0].Across);
        int down = JpegFrame.Parts(frame.Height, unitSide), interval = scan.RestartInterval == 0 ? across * down : scan.RestartInterval;
        int at = scan.Start, left = 0, converted = 0;
        var reader = new JpegBlockReader(TakeCodes(file, scan.End, ref at));
        Span<int> block = stackalloc int[BlockLength];
        for (int row = 0; row < down; row++)
        {
            for (int column = 0; column < across; column++)
            {
                if (left == 0)
                {
                    if ((row > 0 || column > 0) && !TryRestart(ref reader, file, scan.End, ref at))
                        return false;
                    Array.Clear(predictors);
                    left = interval;
                }

                left--;
                if (!TryReadUnit(ref reader, row, column, block))
                    return false;
            }

            // The last row of pixels needs the next row of colour.
            int ready = row == down - 1 ? frame.Height : ((row + 1) * unitSide) - (parts[0].Down - 1);
            for (; converted < ready; converted++)
                Convert(frame, converted, pixels.Slice(converted * frame.Width, frame.Width));
        }

        return reader.IsAtEnd && at == scan.End;
    }

    // At least one bit for each of the two codes of a block.
    private static bool HasCodes(JpegFrame frame, JpegScan scan)
    {
        const int LeastBits = 2;
        (int units, int blocksEach) = frame.UnitsOf(scan);
        return scan.Length >= (long)units * blocksEach * LeastBits / 8;
    }

    private bool TryReadTables(ReadOnlySpan<byte> file, JpegStructure structure)
    {
        JpegScan scan = structure.Scans[0];
        int known = 0, knownQuantizations = 0;
        foreach (Range range in structure.Tables)
        {
            if (range.End.Value <= scan.Start && !JpegLookup.TryRead(file[range], lookups, ref known))
                return false;
        }

        foreach (Range range in structure.Quantizations)
        {
            if (range.End.Value <= scan.Start && !TryReadQuantizations(file[range], ref knownQuantizations))
                return false;
        }

        for (int i = 0; i < scan.Components.Length; i++)
        {
            (int dc, int ac, int quantization) = (scan.DcTables[i], scan.AcTables[i], structure.Frame!.Components[i].Quantization);
            if (dc >= Tables || ac >= Tables || quantization >= Tables)
                return false;
            if ((known >> dc & known >> (Tables + ac) & knownQuantizations >> quantization & 1) == 0)
                return false;
        }

        return true;
    }

    // Tables of 16 bits, which none of these files needs, are left to others: products then stay small.
    private bool TryReadQuantizations(ReadOnlySpan<byte> segment, ref int known)
    {
        for (; segment.Length > BlockLength; segment = segment[(1 + BlockLength)..])
        {
            int number = segment[0];
            if (number >= Tables)
                return false;
            known |= 1 << number;
            for (int k = 0; k < BlockLength; k++)
                quantizations[number][k] = segment[1 + k];
        }

        return segment.IsEmpty;
    }

    /// <summary>Lays the components' samples out, each in whole units.</summary>
    private void Arrange(JpegFrame frame, JpegScan scan)
    {
        bool isGrey = frame.Components.Length == 1;
        int offset = 0;
        for (int i = 0; i < parts.Length; i++)
        {
            if (i >= frame.Components.Length)
            {
                parts[i] = default;
                continue;
            }

            JpegComponent component = frame.Components[i];
            (int across, int down) = isGrey ? (1, 1) : (component.Across, component.Down);
            int width = isGrey ? RoundUp.ToMultiple(frame.Width, BlockSide) : frame.UnitsAcross * across * BlockSide;
            int height = isGrey ? RoundUp.ToMultiple(frame.Height, BlockSide) : frame.UnitsDown * down * BlockSide;
            parts[i] = new JpegPlane(
                offset, width, across, down, lookups[scan.DcTables[i]], lookups[Tables + scan.AcTables[i]],
                quantizations[component.Quantization]);
            offset += width * height;
        }

        GrowOnly.Reserve(ref samples, offset);
        if (parts[0].Across > 1)
        {
            GrowOnly.Reserve(ref blue, 2 * parts[1].Stride);
            GrowOnly.Reserve(ref red, 2 * parts[1].Stride);
            GrowOnly.Reserve(ref sums, parts[1].Stride + (2 * YccRows.Step));
        }
    }

    /// <summary>Copies codes up to the next marker, without the zeros that follow each 0xFF among them.</summary>
    private ReadOnlySpan<byte> TakeCodes(scoped ReadOnlySpan<byte> file, int end, scoped ref int at)
    {
        const byte Prefix = 0xFF;
        ReadOnlySpan<byte> rest = file[at..end];
        Span<byte> target = GrowOnly.Reserve(ref codes, rest.Length + JpegBlockReader.Padding);
        int length = 0;
        while (!rest.IsEmpty)
        {
            int prefix = rest.IndexOf(Prefix);
            int plain = prefix < 0 ? rest.Length : prefix;
            rest[..plain].CopyTo(target[length..]);
            length += plain;
            rest = rest[plain..];
            if (rest.Length < 2 || rest[1] != 0)
                break;
            target[length++] = Prefix;
            rest = rest[2..];
        }

        at = end - rest.Length;
        target.Slice(length, JpegBlockReader.Padding).Clear();
        return target[..(length + JpegBlockReader.Padding)];
    }

    private bool TryRestart(ref JpegBlockReader reader, ReadOnlySpan<byte> file, int end, scoped ref int at)
    {
        if (!reader.IsAtEnd || end - at < 2 || file[at + 1] is < 0xD0 or > 0xD7)
            return false;
        at += 2;
        reader = new JpegBlockReader(TakeCodes(file, end, ref at));
        return true;
    }

    private bool TryReadUnit(ref JpegBlockReader reader, int row, int column, scoped Span<int> block)
    {
        for (int i = 0; i < parts.Length; i++)
        {
            JpegPlane part = parts[i];
            for (int y = 0; y < part.Down; y++)
            {
                for (int x = 0; x < part.Across; x++)
                {
                    int last = reader.Read(part.Dc, part.Ac, part.Quantization, ref predictors[i], block, out int magnitude);
                    if (last < 0 || magnitude > InverseDct.LargestMagnitude)
                        return false;
                    int top = ((row * part.Down) + y) * BlockSide, left = ((column * part.Across) + x) * BlockSide;
                    Span<byte> target = samples.AsSpan(part.Offset + (top * part.Stride) + left);
                    if (last == 0)
                        InverseDct.TransformFirst(block[0], target, part.Stride);
                    else
                        InverseDct.Transform(block, target, part.Stride);
                }
            }
        }

        return !reader.IsOverrun;
    }

    private void Convert(JpegFrame frame, int y, Span<uint> pixels)
    {
        ReadOnlySpan<byte> luma = RowOf(0, y);
        if (frame.Components.Length == 1)
            YccRows.Convert(luma, pixels);
        else if (parts[0].Across == 1)
            YccRows.Convert(luma, RowOf(1, y), RowOf(2, y), pixels);
        else
            YccRows.Convert(luma, Doubled(frame, 1, y, blue), Doubled(frame, 2, y, red), pixels);
    }

    private ReadOnlySpan<byte> Doubled(JpegFrame frame, int part, int y, byte[] target)
    {
        int count = JpegFrame.Parts(frame.Width, 2);
        bool hasTwoRows = parts[0].Down > 1;
        if (hasTwoRows)
        {
            int rows = JpegFrame.Parts(frame.Height, 2), near = y / 2, far = Math.Clamp(near + ((y & 1) == 0 ? -1 : 1), 0, rows - 1);
            YccRows.Widen(RowOf(part, near), RowOf(part, far), count, sums);
        }
        else
        {
            YccRows.Widen(RowOf(part, y), count, sums);
        }

        YccRows.Double(sums, count, hasTwoRows, target);
        return target;
    }

    private ReadOnlySpan<byte> RowOf(int part, int y) =>
        samples.AsSpan(parts[part].Offset + (y * parts[part].Stride), parts[part].Stride);

    /// <summary>The samples of a component, and the tables that they are decoded with.</summary>
    /// <param name="Offset">The first sample.</param>
    /// <param name="Stride">From row to row.</param>
    /// <param name="Across">Its blocks in a row of a unit.</param>
    /// <param name="Down">Its blocks in a column of a unit.</param>
    /// <param name="Dc">Of first coefficients.</param>
    /// <param name="Ac">Of other coefficients.</param>
    /// <param name="Quantization">In the order in which coefficients are stored.</param>
    private readonly record struct JpegPlane(
        int Offset, int Stride, int Across, int Down, JpegLookup Dc, JpegLookup Ac, int[] Quantization);
}
