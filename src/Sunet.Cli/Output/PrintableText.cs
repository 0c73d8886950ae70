using System.Globalization;
using System.Text;

namespace Sunet.Cli.Output;

/// <summary>Text that does nothing to a terminal but show itself.</summary>
internal static class PrintableText
{
    /// <summary>
    /// Writes as <c>\uXXXX</c> what would move the cursor, switch colours, break the line, turn the direction of writing, or is half of a
    /// character. Names of files and classes and all else from outside may hold such; within a string of JSON it means the same.
    /// </summary>
    public static string Of(string text)
    {
        StringBuilder? safe = null;
        for (int i = 0; i < text.Length; i++)
        {
            bool isPair = i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]);
            if (!isPair && IsUnsafe(text[i]))
            {
                safe ??= new StringBuilder(text, 0, i, text.Length + 16);
                safe.Append(CultureInfo.InvariantCulture, $"\\u{(int)text[i]:x4}");
                continue;
            }

            safe?.Append(text, i, isPair ? 2 : 1);
            i += isPair ? 1 : 0;
        }

        return safe?.ToString() ?? text;
    }

    private static bool IsUnsafe(char value) =>
        char.GetUnicodeCategory(value) is UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
            or UnicodeCategory.Surrogate
        || IsDirection(value);

    /// <summary>Marks, embeddings, overrides and isolates of bidirectional text.</summary>
    private static bool IsDirection(char value) =>
        value is '\u061c' or '\u200e' or '\u200f' or (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069');
}
