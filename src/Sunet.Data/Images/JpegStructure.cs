using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Sunet.Data.Images;

/// <summary>
/// What the markers of a JPEG say (ITU-T T.81, annex B): its frame, its scans and where their codes lie. Nothing is decoded. Like the
/// decoder, it passes over bytes between two markers and over markers that it does not know.
/// </summary>
internal sealed class JpegStructure
{
    private const byte Prefix = 0xFF;
    private const byte StartOfImage = 0xD8, EndOfImage = 0xD9, StartOfScan = 0xDA, HuffmanTables = 0xC4, RestartInterval = 0xDD,
        QuantizationTables = 0xDB, Adobe = 0xEE;

    // Where Adobe's marker says how colours are stored: 1 for YCbCr.
    private const int AdobeTransform = 11;

    private const int BytesPerBlock = 64 * sizeof(short);

    private readonly List<JpegScan> scans = [];
    private readonly List<Range> tables = [], quantizations = [];
    private int restartInterval;

    private JpegStructure()
    {
    }

    /// <summary>The frame header; null where there is none that makes sense.</summary>
    public JpegFrame? Frame { get; private set; }

    /// <summary>The scans, as they lie in the file.</summary>
    public IReadOnlyList<JpegScan> Scans => scans;

    /// <summary>The data of all segments that define Huffman tables, as they lie in the file.</summary>
    public IReadOnlyList<Range> Tables => tables;

    /// <summary>The data of all segments that define quantization tables, as they lie in the file.</summary>
    public IReadOnlyList<Range> Quantizations => quantizations;

    /// <summary>Whether three components may be other than brightness and two differences of colour: Adobe's marker says so.</summary>
    public bool HasOtherColours { get; private set; }

    /// <summary>Whether the image's end is marked.</summary>
    public bool HasEnd { get; private set; }

    /// <summary>The bytes a decoder keeps: where there is more than one scan, every coefficient, and which ones are known.</summary>
    public long DecoderBytes =>
        Frame is not null && (Frame.IsProgressive || scans.Count > 1) ? Frame.Blocks * (BytesPerBlock + sizeof(ulong)) : 0;

    /// <summary>Reads a file that begins as a JPEG does.</summary>
    public static JpegStructure Read(ReadOnlySpan<byte> file)
    {
        var structure = new JpegStructure();
        int at = 2;
        while (NextMarker(file, ref at) is { } marker && marker != EndOfImage)
        {
            if (marker is StartOfImage or 0x01 or (>= 0xD0 and <= 0xD7))
                continue;
            if (at + 2 > file.Length)
                return structure;
            int length = BinaryPrimitives.ReadUInt16BigEndian(file[at..]);
            if (length < 2 || at + length > file.Length)
                return structure;
            structure.ReadSegment(file, marker, new Range(at + 2, at + length));
            at = marker == StartOfScan && structure.scans.Count > 0 ? Math.Max(structure.scans[^1].End, at + length) : at + length;
        }

        structure.HasEnd = at <= file.Length && file[at - 1] == EndOfImage;
        return structure;
    }

    /// <summary>Whether eight bytes in a row are zeros, as they hardly ever are in sound codes.</summary>
    public static bool HasZeros(ReadOnlySpan<byte> codes) => MemoryMarshal.Cast<byte, ulong>(codes).Contains(0UL);

    /// <summary>Moves behind the next marker.</summary>
    /// <returns>Its second byte; null at the file's end.</returns>
    private static byte? NextMarker(ReadOnlySpan<byte> file, ref int at)
    {
        while (at < file.Length)
        {
            int prefix = file[at..].IndexOf(Prefix);
            if (prefix < 0)
                break;
            at += prefix;
            while (at < file.Length && file[at] == Prefix)
                at++;
            if (at < file.Length && file[at++] is var marker and not 0)
                return marker;
        }

        at = file.Length + 1;
        return null;
    }

    private void ReadSegment(ReadOnlySpan<byte> file, byte marker, Range data)
    {
        ReadOnlySpan<byte> segment = file[data];
        if (marker == HuffmanTables)
            tables.Add(data);
        else if (marker == QuantizationTables)
            quantizations.Add(data);
        else if (marker == Adobe)
            HasOtherColours |= segment.Length <= AdobeTransform || segment[AdobeTransform] != 1;
        else if (marker == RestartInterval && segment.Length >= 2)
            restartInterval = BinaryPrimitives.ReadUInt16BigEndian(segment);
        else if (marker == StartOfScan)
            ReadScan(file, data);
        else if (marker is >= 0xC0 and <= 0xCF and not 0xC8 and not 0xCC or 0xF7)
            Frame ??= JpegFrame.Parse(marker, segment);
    }

    private void ReadScan(ReadOnlySpan<byte> file, Range header)
    {
        ReadOnlySpan<byte> data = file[header];
        int count = data.Length > 0 ? data[0] : 0;
        if (Frame is null || count is 0 or > 4 || data.Length < 4 + (2 * count))
            return;
        int[] places = new int[count], dc = new int[count], ac = new int[count];
        for (int i = 0; i < count; i++)
        {
            int id = data[1 + (2 * i)];
            places[i] = Array.FindIndex(Frame.Components, c => c.Id == id);
            (dc[i], ac[i]) = (data[2 + (2 * i)] >> 4, data[2 + (2 * i)] & 15);
            if (places[i] < 0)
                return;
        }

        ReadOnlySpan<byte> spectrum = data[(1 + (2 * count))..];
        int start = header.End.Value;
        (int end, int? restarts) = FindEnd(file, start);
        (int first, int last, int bits) = Frame.IsProgressive ? (spectrum[0], spectrum[1], spectrum[2]) : (0, 63, 0);
        scans.Add(new JpegScan(places, dc, ac, first, last, bits >> 4, bits & 15, restartInterval, start, end) { Restarts = restarts });
    }

    private static (int End, int? Restarts) FindEnd(ReadOnlySpan<byte> file, int at)
    {
        int restarts = 0;
        bool inTurn = true;
        while (file[at..].IndexOf(Prefix) is var found and >= 0 && at + found + 1 < file.Length)
        {
            at += found;
            byte next = file[at + 1];
            if (next is >= 0xD0 and <= 0xD7)
                inTurn &= (next & 7) == (restarts++ & 7);
            else if (next is not (0 or Prefix))
                return (at, inTurn ? restarts : null);
            at += next == Prefix ? 1 : 2;
        }

        return (file.Length, inTurn ? restarts : null);
    }
}
