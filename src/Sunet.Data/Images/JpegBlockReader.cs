using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Sunet.Data.Images;

/// <summary>Reads the blocks of a sequential JPEG, one after another, from its codes (ITU-T T.81, annex F).</summary>
/// <param name="codes">
/// The codes up to a marker, without the zeros that follow each 0xFF among them, and then <see cref="Padding"/> zeros.
/// </param>
internal ref struct JpegBlockReader(ReadOnlySpan<byte> codes)
{
    /// <summary>The zeros behind the codes: a unit has at most 6 blocks, and a block 64 codes of at most 31 bits.</summary>
    public const int Padding = (6 * 64 * 4) + (2 * sizeof(ulong));

    private const int BlockLength = 64;

    private readonly ReadOnlySpan<byte> codes = codes;

    private Bits next;

    private static ReadOnlySpan<byte> NaturalOrder =>
    [
        0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
        35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
    ];

    /// <summary>Whether more was read than there are codes.</summary>
    public readonly bool IsOverrun => next.Used > codes.Length - Padding;

    /// <summary>Whether all of the codes were read, and no more.</summary>
    public readonly bool IsAtEnd => next.Used == codes.Length - Padding;

    /// <summary>Reads one block.</summary>
    /// <param name="dc">The table for its first coefficient.</param>
    /// <param name="ac">The table for the others.</param>
    /// <param name="quantization">What coefficients are multiplied by, in the order in which they are stored.</param>
    /// <param name="predictor">The component's first coefficient in the block before; receives that of this one.</param>
    /// <param name="block">Receives the coefficients by rows, multiplied.</param>
    /// <param name="magnitude">Receives the sum of their absolute values.</param>
    /// <returns>The last coefficient that is stored, from 0; -1 where the codes mean nothing.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public int Read(
        JpegLookup dc, JpegLookup ac, scoped ReadOnlySpan<int> quantization, scoped ref int predictor, scoped Span<int> block,
        out int magnitude)
    {
        block = block[..BlockLength];
        block.Clear();
        quantization = quantization[..BlockLength];
        ReadOnlySpan<byte> order = NaturalOrder[..BlockLength];
        ReadOnlySpan<byte> all = codes;
        Bits bits = next;
        bits.Refill(codes);
        int entry = dc.Find(bits.Ahead);
        predictor += bits.Take(entry);
        int first = predictor * quantization[0], sum = Magnitude(first), last = 0;
        block[0] = first;
        magnitude = 0;
        if (entry == 0 || predictor is < short.MinValue or > short.MaxValue)
            return -1;
        for (int k = 1; k < BlockLength; k++)
        {
            // There are bits enough for the code, so that looking it up does not wait for those that are added.
            ulong ahead = bits.Ahead;
            bits.Refill(all);
            entry = ac.Find(ahead);
            int run = JpegLookup.Run(entry);
            if (JpegLookup.Size(entry) == 0)
            {
                const int LongestRun = 15;
                if (entry == 0 || (run > 0 && run < LongestRun))
                    return -1;
                bits.Take(entry);
                if (run == 0)
                    break;
                k += run;
                continue;
            }

            k += run;
            if (k >= BlockLength)
                return -1;
            int value = bits.Take(entry) * quantization[k];
            block[order[k]] = value;
            sum += Magnitude(value);
            last = k;
        }

        next = bits;
        magnitude = sum;
        return last;
    }

    // Half of all numbers are negative, so that a branch would be mispredicted as often.
    private static int Magnitude(int value) => (value ^ (value >> 31)) - (value >> 31);

    /// <summary>The next bits of the codes, from the highest: as many as are counted, and perhaps more of them.</summary>
    private struct Bits
    {
        private ulong ahead;
        private int count, at;

        public readonly ulong Ahead => ahead;

        public readonly int Used => at - (count / 8);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Refill(ReadOnlySpan<byte> codes)
        {
            ahead |= BinaryPrimitives.ReadUInt64BigEndian(codes[at..]) >> count;
            at += (63 - count) >> 3;
            count |= 56;
        }

        /// <summary>Moves behind a code and the number behind it, which it returns: numbers that begin with a 0 are negative.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public int Take(int entry)
        {
            ulong rest = ahead << JpegLookup.CodeLength(entry);
            int size = JpegLookup.Size(entry);

            // Two shifts, because one by 64 would be one by 0.
            int value = (int)(rest >> 1 >> (63 - size));
            int isNegative = (int)~((long)rest >> 63);
            ahead <<= JpegLookup.TotalLength(entry);
            count -= JpegLookup.TotalLength(entry);
            return value + (((-1 << size) + 1) & isNegative);
        }
    }
}
