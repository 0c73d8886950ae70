namespace Sunet.Data.Images;

/// <summary>A Huffman table of a JPEG (ITU-T T.81, annex C): codes of up to 16 bits for symbols of a byte.</summary>
internal sealed class JpegHuffmanTable
{
    private const int LongestCode = 16, QuickBits = 8;

    // Length and symbol of every code of up to 8 bits by what the next 8 bits are; 0 where the code is longer or none.
    private readonly ushort[] quick = new ushort[1 << QuickBits];
    private readonly int[] last = new int[LongestCode + 1], offset = new int[LongestCode + 1];
    private readonly byte[] symbols;

    private JpegHuffmanTable(ReadOnlySpan<byte> counts, ReadOnlySpan<byte> symbols)
    {
        this.symbols = symbols.ToArray();
        int code = 0, first = 0;
        for (int length = 1; length <= LongestCode; length++, code <<= 1)
        {
            int count = counts[length - 1];
            offset[length] = first - code;
            last[length] = count > 0 ? code + count - 1 : -1;
            for (int i = 0; i < count && length <= QuickBits; i++)
            {
                int shift = QuickBits - length;
                int from = Math.Min((code + i) << shift, quick.Length), to = Math.Min(from + (1 << shift), quick.Length);
                quick.AsSpan(from..to).Fill((ushort)((length << 8) | symbols[first + i]));
            }

            (code, first) = (code + count, first + count);
        }
    }

    /// <summary>Reads the tables of one segment into their places: four for first coefficients, then four for the others.</summary>
    /// <returns>False where the segment is damaged.</returns>
    public static bool TryRead(ReadOnlySpan<byte> segment, Span<JpegHuffmanTable?> tables)
    {
        while (segment.Length > LongestCode)
        {
            int kind = segment[0] >> 4, number = segment[0] & 15, total = 0;
            ReadOnlySpan<byte> counts = segment.Slice(1, LongestCode);
            foreach (byte count in counts)
                total += count;
            segment = segment[(1 + LongestCode)..];
            if (kind > 1 || number > 3 || total > Math.Min(256, segment.Length))
                return false;
            tables[(4 * kind) + number] = new JpegHuffmanTable(counts, segment[..total]);
            segment = segment[total..];
        }

        return segment.IsEmpty;
    }

    /// <summary>Reads one code.</summary>
    /// <returns>Its symbol; -1 where there is no such code.</returns>
    public int Read(ref JpegBits bits)
    {
        int ahead = bits.Peek(LongestCode);
        int entry = quick[ahead >> (LongestCode - QuickBits)];
        if (entry != 0)
        {
            bits.Skip(entry >> 8);
            return entry & 0xFF;
        }

        for (int length = QuickBits + 1; length <= LongestCode; length++)
        {
            int code = ahead >> (LongestCode - length);
            if (code <= last[length])
            {
                bits.Skip(length);
                int index = offset[length] + code;
                return index >= 0 && index < symbols.Length ? symbols[index] : -1;
            }
        }

        return -1;
    }
}
