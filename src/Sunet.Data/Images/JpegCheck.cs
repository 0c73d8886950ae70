namespace Sunet.Data.Images;

/// <summary>
/// Makes sure that a JPEG is one that can be read and that all of it is there: a decoder fills up with grey, or with less detail, what is
/// lost, and says nothing.
/// </summary>
/// <remarks>
/// Markers alone show most losses and are quickly read. Following every code shows the others; it takes a good part of the time that
/// decoding takes, so that those who read a file again and again do it only where something is odd.
/// </remarks>
internal static class JpegCheck
{
    private const int Bits = 8;

    /// <summary>Checks the markers of a file before it is decoded.</summary>
    /// <param name="file">The file, which begins as a JPEG does.</param>
    /// <param name="path">Its name, for messages.</param>
    /// <param name="pixelCap">Larger images are refused.</param>
    /// <returns>The file's structure.</returns>
    /// <exception cref="DataException">The file is of a kind that is not read, too large, too slow, or lacks a scan.</exception>
    public static JpegStructure Require(ReadOnlySpan<byte> file, string path, long pixelCap)
    {
        JpegStructure structure = JpegStructure.Read(file);
        if (structure.Frame is not { } frame)
            return structure;
        RequireReadable(frame, path);
        SkiaDecoder.RequireSize(frame.Height, frame.Width, pixelCap, path);
        RequireQuick(structure, frame, path);
        if (structure.Scans.Count > 0 && FindMissing(structure, frame) is { } missing)
            throw Damaged(file, path, structure, missing);
        return structure;
    }

    /// <summary>Follows the codes of a file, where something about it is odd or everything is to be looked at.</summary>
    /// <param name="file">The file.</param>
    /// <param name="path">Its name, for messages.</param>
    /// <param name="structure">Its structure.</param>
    /// <param name="scratch">Says whether everything is looked at, and lends memory.</param>
    /// <exception cref="DataException">The file is truncated or damaged.</exception>
    public static void RequireCodesIfOdd(ReadOnlySpan<byte> file, string path, JpegStructure structure, DecodeScratch scratch)
    {
        if (structure.Frame is not { } frame || structure.Scans.Count == 0)
            return;
        if (!scratch.IsQuick || !structure.HasEnd || IsOdd(structure, frame, file))
            RequireCodes(file, path, structure, scratch);
    }

    /// <summary>Checks a file that was decoded without following its codes: where they end early, the rest is of one colour.</summary>
    /// <param name="file">The file.</param>
    /// <param name="path">Its name, for messages.</param>
    /// <param name="structure">Its structure.</param>
    /// <param name="scratch">Lends memory.</param>
    /// <param name="lastRow">The last row of its pixels, of four bytes each.</param>
    /// <exception cref="DataException">The file is damaged.</exception>
    public static void RequireEnd(
        ReadOnlySpan<byte> file, string path, JpegStructure structure, DecodeScratch scratch, ReadOnlySpan<uint> lastRow)
    {
        const int Side = 8;
        ReadOnlySpan<uint> corner = lastRow[^Math.Min(Side, lastRow.Length)..];
        if (corner.IndexOfAnyExcept(corner[0]) < 0)
            RequireCodes(file, path, structure, scratch);
    }

    /// <summary>A file with the marker at its end that it lacks: without it, a decoder leaves out the last rows.</summary>
    public static ReadOnlySpan<byte> WithEnd(ReadOnlySpan<byte> file, DecodeScratch scratch)
    {
        Span<byte> whole = scratch.ReserveRewritten(file.Length + 2);
        file.CopyTo(whole);
        (whole[^2], whole[^1]) = (0xFF, 0xD9);
        return whole;
    }

    private static void RequireReadable(JpegFrame frame, string path)
    {
        string? kind = frame.Marker switch
        {
            0xC0 or 0xC1 or 0xC2 or 0xC9 or 0xCA => null,
            0xC3 or 0xCB => "a lossless JPEG",
            0xF7 => "a JPEG-LS file",
            _ => "a hierarchical JPEG",
        };
        if (kind is not null)
            throw new DataException($"'{path}' is {kind}, which is not read; convert it to a baseline JPEG or to PNG.", path);
        if (frame.Precision != Bits)
        {
            throw new DataException(
                $"'{path}' is a JPEG of {frame.Precision} bits a sample, and only those of {Bits} are read; convert it to {Bits} bits.",
                path);
        }
    }

    // A file of a few kilobytes can ask for a hundred scans of a large image, each of which goes over all of it.
    private static void RequireQuick(JpegStructure structure, JpegFrame frame, string path)
    {
        const long QuickBlocks = 1 << 24, MostPasses = 12;
        long blocks = 0;
        foreach (JpegScan scan in structure.Scans)
        {
            (int units, int blocksEach) = frame.UnitsOf(scan);
            blocks += (long)units * blocksEach;
        }

        if (blocks > QuickBlocks && blocks > MostPasses * frame.Blocks)
        {
            throw new DataException(
                $"'{path}' goes over its {frame.Width} x {frame.Height} pixels in {structure.Scans.Count} scans, more than encoders make; "
                + "encode it anew if it can be trusted.", path);
        }
    }

    /// <summary>Which coefficients no scan sends, or sends out of turn; null where all are there to their last bit.</summary>
    private static string? FindMissing(JpegStructure structure, JpegFrame frame)
    {
        const int Coefficients = 64;
        const sbyte Unsent = -1;
        var sent = new sbyte[frame.Components.Length, Coefficients];
        for (int i = 0; i < sent.Length; i++)
            sent[i / Coefficients, i % Coefficients] = Unsent;
        foreach (JpegScan scan in structure.Scans)
        {
            bool isBand = scan.Components.Length == 1 || scan.Last == 0;
            if (frame.IsProgressive && (scan.First > scan.Last || scan.Last >= Coefficients || !isBand || (scan.HasDc && scan.Last > 0)))
                return "the header of a scan is wrong";
            foreach (int component in scan.Components)
            {
                for (int k = scan.First; k <= scan.Last; k++)
                {
                    ref sbyte bit = ref sent[component, k];
                    if (frame.IsProgressive && (bit == Unsent ? scan.High != 0 : scan.High != bit || scan.Low != bit - 1))
                        return "a scan is missing or out of turn";
                    bit = (sbyte)scan.Low;
                }
            }
        }

        foreach (sbyte bit in sent)
        {
            if (bit != 0)
                return "a scan is missing";
        }

        return null;
    }

    /// <summary>Whether something about the codes gives reason to follow them.</summary>
    private static bool IsOdd(JpegStructure structure, JpegFrame frame, ReadOnlySpan<byte> file)
    {
        foreach (JpegScan scan in structure.Scans)
        {
            (int units, int blocksEach) = frame.UnitsOf(scan);

            // At least one bit a block; bands of many blocks can end with one code, but not with none.
            long least = scan.HasDc ? (long)units * blocksEach / 8 : 1;
            if (scan.Length < least || !frame.HasRestartsOf(scan) || IsZeroed(scan, file[scan.Start..scan.End]))
                return true;
        }

        return false;
    }

    // A first coefficient's further bit takes one bit a block, which is 0 for all blocks of a bright sky.
    private static bool IsZeroed(JpegScan scan, ReadOnlySpan<byte> codes) =>
        scan.HasDc && scan.IsRefinement ? codes.IndexOfAnyExcept((byte)0) < 0 : JpegStructure.HasZeros(codes);

    private static void RequireCodes(ReadOnlySpan<byte> file, string path, JpegStructure structure, DecodeScratch scratch)
    {
        string? damage = structure.Frame!.IsHuffman
            ? new JpegWalk(file, structure, scratch).FindDamage()
            : structure.HasEnd ? null : "it has no end";
        if (damage is not null)
            throw Damaged(file, path, structure, damage);
    }

    private static DataException Damaged(ReadOnlySpan<byte> file, string path, JpegStructure structure, string damage)
    {
        const int ManyZeros = 16;
        int zeros = file.Length - 1 - file.LastIndexOfAnyExcept((byte)0);
        string what = structure.HasEnd ? $"damaged: {damage}"
            : zeros >= ManyZeros ? $"damaged: its last {zeros} bytes are zeros"
            : "truncated: its pixels end early";
        return new DataException($"'{path}' is {what}.", path);
    }
}
