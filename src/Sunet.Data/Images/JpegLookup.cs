using System.Runtime.CompilerServices;

namespace Sunet.Data.Images;

/// <summary>
/// A Huffman table of a JPEG as a decoder looks codes up: what the next bits of a stream are says a code's length, the zeros that it skips
/// and the size of the number behind it. An entry is kept from image to image, since most encoders write the same tables.
/// </summary>
internal sealed class JpegLookup
{
    private const int LongestCode = 16;

    private const int LargestSize = 15, QuickBits = 11, MostSymbols = 256, SizeAt = 16, RunAt = 20;

    private readonly int[] quick = new int[1 << QuickBits];
    private readonly int[] ends = new int[LongestCode + 1], offsets = new int[LongestCode + 1];
    private readonly byte[] definition = new byte[LongestCode + MostSymbols];
    private int definitionLength;

    /// <summary>The bits of an entry's code and of the number behind it.</summary>
    public static int TotalLength(int entry) => (entry >> 8) & 0xFF;

    /// <summary>The bits of an entry's code.</summary>
    public static int CodeLength(int entry) => entry & 0xFF;

    /// <summary>The bits of the number behind a code.</summary>
    public static int Size(int entry) => (entry >> SizeAt) & 15;

    /// <summary>The zeros that a code skips.</summary>
    public static int Run(int entry) => entry >> RunAt;

    /// <summary>Looks up the code that a stream goes on with.</summary>
    /// <param name="ahead">The next bits, from the highest; more than 16 of them.</param>
    /// <returns>The entry; 0 where no code begins so.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Find(ulong ahead)
    {
        int entry = quick[(int)(ahead >> (64 - QuickBits))];
        return entry != 0 ? entry : FindLong((int)(ahead >> (64 - LongestCode)));
    }

    /// <summary>Reads the tables of one segment into their places: four for first coefficients, then four for the others.</summary>
    /// <param name="segment">The segment's data.</param>
    /// <param name="lookups">The places.</param>
    /// <param name="known">Receives a bit for every place that is set.</param>
    /// <returns>False where a table is none that every decoder takes.</returns>
    public static bool TryRead(ReadOnlySpan<byte> segment, ReadOnlySpan<JpegLookup> lookups, ref int known)
    {
        while (segment.Length > LongestCode)
        {
            int kind = segment[0] >> 4, number = segment[0] & 15, total = 0;
            foreach (byte count in segment.Slice(1, LongestCode))
                total += count;
            if (kind > 1 || number > 3 || total > Math.Min(MostSymbols, segment.Length - 1 - LongestCode))
                return false;
            int place = (4 * kind) + number, length = LongestCode + total;
            if (!lookups[place].TrySet(segment.Slice(1, length), kind == 0 ? LargestSize : byte.MaxValue))
                return false;
            known |= 1 << place;
            segment = segment[(1 + length)..];
        }

        return segment.IsEmpty;
    }

    /// <summary>Takes over a table: how many codes there are of each length from 1 to 16, and their symbols.</summary>
    private bool TrySet(ReadOnlySpan<byte> table, int largestSymbol)
    {
        if (table.SequenceEqual(definition.AsSpan(0, definitionLength)))
            return true;
        definitionLength = 0;
        Array.Clear(quick);
        ReadOnlySpan<byte> symbols = table[LongestCode..];
        int code = 0, first = 0;
        for (int length = 1; length <= LongestCode; length++, code <<= 1)
        {
            int count = table[length - 1];
            if (count > 0 && code + count >= 1 << length)
                return false;
            (ends[length], offsets[length]) = (code + count, first - code);
            for (int i = 0; i < count; i++)
            {
                byte symbol = symbols[first + i];
                if (symbol > largestSymbol)
                    return false;
                int shift = QuickBits - length;
                if (shift >= 0)
                    quick.AsSpan((code + i) << shift, 1 << shift).Fill(Entry(length, symbol));
            }

            (code, first) = (code + count, first + count);
        }

        table.CopyTo(definition);
        definitionLength = table.Length;
        return true;
    }

    private static int Entry(int length, byte symbol)
    {
        int size = symbol & 15;
        return length | ((length + size) << 8) | (size << SizeAt) | ((symbol >> 4) << RunAt);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private int FindLong(int ahead)
    {
        for (int length = QuickBits + 1; length <= LongestCode; length++)
        {
            int code = ahead >> (LongestCode - length);
            if (code < ends[length])
                return Entry(length, definition[LongestCode + offsets[length] + code]);
        }

        return 0;
    }
}
