using System.Numerics;

namespace Sunet.Data.Images;

/// <summary>
/// Follows the Huffman codes of a JPEG from block to block, without computing a pixel, and tells where they do not fit their image. A
/// decoder makes up what is missing and goes on; here every scan must have its blocks, no fewer and no more (ITU-T T.81, annexes F and G).
/// </summary>
internal ref struct JpegWalk
{
    // Some encoders leave a few bytes behind the codes; damage leaves more.
    private const int MostLeft = 64;

    private const int MostBits = 16;

    // So many unlike steps of the first coefficient cannot all come of values whose lowest bit is 0.
    private const int ManySteps = 8;

    private readonly ReadOnlySpan<byte> file;
    private readonly JpegStructure structure;
    private readonly JpegFrame frame;
    private readonly ulong[][] known;
    private readonly ulong[] steps;
    private readonly JpegHuffmanTable?[] tables = new JpegHuffmanTable?[8];
    private JpegBits bits;
    private int tablesRead, endOfBands;

    /// <param name="file">The file.</param>
    /// <param name="structure">Its structure, with a frame of Huffman codes.</param>
    /// <param name="scratch">Lends memory for which coefficients of a progressive image are known.</param>
    public JpegWalk(ReadOnlySpan<byte> file, JpegStructure structure, DecodeScratch scratch)
    {
        this.file = file;
        this.structure = structure;
        frame = structure.Frame!;
        known = frame.IsProgressive ? scratch.ReserveKnown(frame) : [];
        steps = new ulong[frame.Components.Length];
    }

    /// <summary>Follows all scans.</summary>
    /// <returns>What is wrong, as a clause on the file; null where nothing is, or where a table of the codes is not in the file.</returns>
    public string? FindDamage()
    {
        for (int number = 0; number < structure.Scans.Count; number++)
        {
            JpegScan scan = structure.Scans[number];
            for (; tablesRead < structure.Tables.Count && structure.Tables[tablesRead].End.Value <= scan.Start; tablesRead++)
            {
                if (!JpegHuffmanTable.TryRead(file[structure.Tables[tablesRead]], tables))
                    return "a table of its codes is wrong";
            }

            if (!HasTables(scan))
                return null;
            if (FindDamage(scan) is { } damage)
                return $"scan {number + 1} of {structure.Scans.Count} {damage}";
        }

        return null;
    }

    private readonly bool HasTables(JpegScan scan)
    {
        for (int i = 0; i < scan.Components.Length; i++)
        {
            bool dc = scan.HasDc && !scan.IsRefinement, ac = scan.Last > 0;
            if ((dc && tables[scan.DcTables[i] & 3] is null) || (ac && tables[4 + (scan.AcTables[i] & 3)] is null))
                return false;
        }

        return true;
    }

    private string? FindDamage(JpegScan scan)
    {
        (int units, int blocks) = frame.UnitsOf(scan);
        if (!frame.HasRestartsOf(scan))
            return "has lost some of its restart markers";
        int at = scan.Start, interval = scan.RestartInterval == 0 ? units : scan.RestartInterval;
        for (int unit = 0; unit < units; unit += interval)
        {
            int end = interval < units - unit ? EndOfInterval(at, scan.End) : scan.End;
            ReadOnlySpan<byte> codes = file[at..end];
            bits = new JpegBits(codes);
            endOfBands = 0;
            for (int i = unit; i < units && i < unit + interval; i++)
            {
                if (!Follow(scan, i, blocks))
                    return "has a code that means nothing";
                if (bits.IsOverrun)
                    return "ends early";
            }

            if (DoesNotFit(scan, codes[..^bits.Left], codes[^bits.Left..]))
                return "has codes that are no part of its image";
            at = Math.Min(end + 2, scan.End);
        }

        return null;
    }

    private readonly int EndOfInterval(int at, int end)
    {
        while (file[at..end].IndexOf((byte)0xFF) is var found and >= 0)
        {
            at += found;
            if (at + 1 < end && file[at + 1] is >= 0xD0 and <= 0xD7)
                return at;
            at++;
        }

        return end;
    }

    private readonly bool DoesNotFit(JpegScan scan, ReadOnlySpan<byte> codes, ReadOnlySpan<byte> left)
    {
        if (JpegStructure.HasZeros(codes) && (left.Length > 1 || IsZeroedRefinement(scan, codes)))
            return true;
        return left.Length > MostLeft && left.IndexOfAnyExcept(left[0]) >= 0;
    }

    // One bit a block: zeros in place of them fit as well as the bits themselves.
    private readonly bool IsZeroedRefinement(JpegScan scan, ReadOnlySpan<byte> codes)
    {
        if (!scan.HasDc || !scan.IsRefinement || codes.IndexOfAnyExcept((byte)0) >= 0)
            return false;
        ulong all = 0;
        foreach (int component in scan.Components)
            all |= steps[component];
        return BitOperations.PopCount(all) >= ManySteps;
    }

    private bool Follow(JpegScan scan, int unit, int blocks)
    {
        if (blocks == 1 && scan.Components.Length == 1)
            return FollowBlock(scan, 0, unit);
        for (int i = 0; i < scan.Components.Length; i++)
        {
            JpegComponent component = frame.Components[scan.Components[i]];
            for (int block = component.Across * component.Down; block > 0; block--)
            {
                if (!FollowBlock(scan, i, unit))
                    return false;
            }
        }

        return true;
    }

    private bool FollowBlock(JpegScan scan, int place, int block)
    {
        if (scan.HasDc)
        {
            if (scan.IsRefinement)
                bits.Read(1);
            else if (!FollowFirst(tables[scan.DcTables[place] & 3]!, ref steps[scan.Components[place]]))
                return false;
        }

        if (scan.Last == 0)
            return true;
        JpegHuffmanTable table = tables[4 + (scan.AcTables[place] & 3)]!;
        if (!frame.IsProgressive)
        {
            ulong none = 0;
            return FollowBand(table, 1, 63, ref none);
        }

        ref ulong coefficients = ref known[scan.Components[place]][block];
        return scan.IsRefinement
            ? RefineBand(table, scan.First, scan.Last, ref coefficients)
            : FollowBand(table, scan.First, scan.Last, ref coefficients);
    }

    private bool FollowFirst(JpegHuffmanTable table, ref ulong unlike)
    {
        int size = table.Read(ref bits);
        if (size is < 0 or > 15)
            return false;
        if (size > 0)
            unlike |= 1UL << (bits.Read(size) & 63);
        return true;
    }

    private bool FollowBand(JpegHuffmanTable table, int first, int last, ref ulong coefficients)
    {
        if (endOfBands > 0)
        {
            endOfBands--;
            return true;
        }

        for (int k = first; k <= last; k++)
        {
            int symbol = table.Read(ref bits), run = symbol >> 4, size = symbol & 15;
            if (symbol < 0)
                return false;
            if (size == 0 && run < 15)
            {
                if (run > 0 && !frame.IsProgressive)
                    return false;
                endOfBands = (1 << run) - 1 + bits.Read(run);
                return true;
            }

            k += run;
            if (size == 0)
                continue;
            if (k > last)
                return false;
            bits.Read(size);
            coefficients |= 1UL << k;
        }

        return true;
    }

    private bool RefineBand(JpegHuffmanTable table, int first, int last, ref ulong coefficients)
    {
        int k = first;
        while (endOfBands == 0 && k <= last)
        {
            int symbol = table.Read(ref bits), run = symbol >> 4, size = symbol & 15;
            if (symbol < 0 || size > 1)
                return false;
            if (size == 0 && run < 15)
            {
                endOfBands = (1 << run) + bits.Read(run);
                break;
            }

            bits.Read(size);
            for (; k <= last; k++)
            {
                if ((coefficients >> k & 1) != 0)
                    bits.Read(1);
                else if (--run < 0)
                    break;
            }

            if (size == 1 && k > last)
                return false;
            if (size == 1)
                coefficients |= 1UL << k;
            k++;
        }

        if (endOfBands > 0)
        {
            // Each coefficient that is known already has one more bit.
            ulong rest = k > last ? 0 : coefficients >> k << k << (63 - last) >> (63 - last);
            for (int left = BitOperations.PopCount(rest); left > 0; left -= Math.Min(left, MostBits))
                bits.Read(Math.Min(left, MostBits));
            endOfBands--;
        }

        return true;
    }
}
