using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Sunet.Mutation.Tests;

/// <summary>Changes a file a little, in one to four places, as damage, other programs and hostile people do.</summary>
/// <param name="seed">The same seed gives the same changes.</param>
internal sealed class Mutator(int seed)
{
    private static readonly long[] Extremes =
    [
        0, 1, -1, 127, 128, 255, 256, 32767, 65535, 65536, int.MaxValue,
        int.MinValue, uint.MaxValue, long.MaxValue, long.MinValue, 1L << 40,
    ];

    private static readonly string[] Words =
    [
        "", " ", "\0", "\n", "\r\n", "-1", "0", "1e999", "NaN", "-Infinity",
        "2147483648", "9223372036854775808", "00", "0x7f", "null", "true", "[]",
        "{}", "[[[[[[[[[[[[[[[[", "{\"a\":{\"a\":{\"a\":", "\"", "'", "\\", "\\u0000",
            "\\ud800", "../", "/", ".", "~", "&a", "*a", "!!", "%", ": ", "- ",
        "\u001b[2J", "\u202e", "ß", "\ud83d\ude00", "#", "--", "/dev/zero", "\t",
    ];

    private const int MostChanges = 4;
    private readonly Random random = new(seed);

    /// <summary>A changed copy.</summary>
    /// <param name="original">The file.</param>
    /// <param name="isText">Whether words and numbers are changed more often than bytes.</param>
    public byte[] Mutate(ReadOnlySpan<byte> original, bool isText)
    {
        byte[] bytes = original.ToArray();
        int changes = 0;
        do
            bytes = isText && random.Next(3) > 0 ? ChangeText(bytes) : ChangeBytes(bytes);
        while (++changes < MostChanges && random.Next(2) == 0);
        return bytes;
    }

    private byte[] ChangeBytes(byte[] bytes)
    {
        if (bytes.Length == 0)
            return [(byte)random.Next(256)];
        int at = random.Next(bytes.Length), count = Math.Min(bytes.Length - at, 1 << random.Next(10));
        switch (random.Next(8))
        {
            case 0:
                bytes[at] ^= (byte)(1 << random.Next(8));
                return bytes;
            case 1:
                bytes[at] = (byte)Extremes[random.Next(Extremes.Length)];
                return bytes;
            case 2:
                return bytes[..at];
            case 3:
                return [.. bytes[..at], .. bytes[(at + count)..]];
            case 4:
                return [.. bytes[..(at + count)], .. bytes[at..]];
            case 5:
                bytes.AsSpan(at, count).Fill((byte)(random.Next(2) * 255));
                return bytes;
            case 6:
                int from = random.Next(bytes.Length - count + 1);
                bytes.AsSpan(from, count).ToArray().CopyTo(bytes, at);
                return bytes;
            default:
                WriteNumber(bytes.AsSpan(at));
                return bytes;
        }
    }

    private void WriteNumber(Span<byte> target)
    {
        Span<byte> number = stackalloc byte[8];
        int width = 1 << random.Next(1, 4);
        long value = Extremes[random.Next(Extremes.Length)];
        if (random.Next(2) == 0)
            BinaryPrimitives.WriteInt64LittleEndian(number, value);
        else
            BinaryPrimitives.WriteInt64BigEndian(number, value << (64 - (8 * width)));
        number[..Math.Min(width, target.Length)].CopyTo(target);
    }

    /// <summary>Replaces a word or a number of the text, or sets one in.</summary>
    private byte[] ChangeText(byte[] bytes)
    {
        string text = Encoding.Latin1.GetString(bytes);
        int start = text.Length == 0 ? 0 : random.Next(text.Length), end = start;
        bool isWord(int i) => char.IsAsciiLetterOrDigit(text[i]) || text[i] is '.' or '-' or '_';
        while (start > 0 && isWord(start - 1))
            start--;
        while (end < text.Length && isWord(end))
            end++;
        string word = random.Next(4) switch
        {
            0 => Extremes[random.Next(Extremes.Length)].ToString(CultureInfo.InvariantCulture),
            1 => string.Concat(Enumerable.Repeat(Words[random.Next(Words.Length)], 1 << random.Next(12))),
            _ => Words[random.Next(Words.Length)],
        };
        byte[] replacement = Encoding.UTF8.GetBytes(word);
        return [.. bytes[..start], .. replacement, .. bytes[(random.Next(2) == 0 ? start : end)..]];
    }
}
