using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using SkiaSharp;

namespace Sunet.Data.Reporting;

/// <summary>One character as it is drawn: a font's outline, a blank, or a box with its code point where no font has it.</summary>
/// <param name="Advance">How far the next one is, in the size of the text.</param>
/// <param name="Typeface">The font; null for blanks and boxes.</param>
/// <param name="Index">The outline's number in the font.</param>
/// <param name="Code">The hexadecimal code point within a box, else null.</param>
internal readonly record struct Glyph(float Advance, SKTypeface? Typeface, ushort Index, string? Code)
{
    /// <summary>The size of the digits in a box, in the size of the text.</summary>
    public const float CodeSize = 0.66f;

    /// <summary>The room beside the digits in a box, in the size of the text.</summary>
    public const float BoxMargin = 0.16f;

    /// <summary>Outlines and advances are taken at the grid that fonts are drawn on, and scaled, so that they are not rounded.</summary>
    public const float GridSize = 2048;

    private const string Resource = "chart-font.ttf";
    private static readonly SKTypeface Embedded = Load();
    private static readonly ConcurrentDictionary<int, Glyph> Known = new();

    /// <summary>The glyphs of a text in its order.</summary>
    public static IEnumerable<Glyph> Of(string text)
    {
        for (int at = 0; at < text.Length;)
        {
            bool isWhole = Rune.TryGetRuneAt(text, at, out Rune rune);
            yield return Known.GetOrAdd(isWhole ? rune.Value : text[at], Find);
            at += isWhole ? rune.Utf16SequenceLength : 1;
        }
    }

    /// <summary>A font that gives outlines as they were designed.</summary>
    public static SKFont Designed(SKTypeface typeface) => new(typeface, GridSize)
    {
        Hinting = SKFontHinting.None,
        Subpixel = true,
        LinearMetrics = true,
    };

    private static Glyph Find(int codePoint)
    {
        UnicodeCategory category = CharUnicodeInfo.GetUnicodeCategory(codePoint);
        if (category == UnicodeCategory.SpaceSeparator)
            return Blank();

        // Marks of direction and variants of emoji have no picture of their own.
        if (category == UnicodeCategory.Format || codePoint is >= 0xFE00 and <= 0xFE0F)
            return default;
        if (category is not (UnicodeCategory.Control or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse)
            && (WithOutline(Embedded, codePoint) ?? WithOutline(SystemFonts.WithCharacter(codePoint), codePoint)) is { } glyph)
        {
            return glyph;
        }

        string code = codePoint.ToString("X4", CultureInfo.InvariantCulture);
        return new Glyph((CodeSize * Of(code).Sum(digit => digit.Advance)) + (3 * BoxMargin), null, 0, code);
    }

    /// <summary>A font of coloured pictures has a character, and yet no outline of it.</summary>
    private static Glyph? WithOutline(SKTypeface? typeface, int codePoint)
    {
        if (typeface is null)
            return null;
        using SKFont font = Designed(typeface);
        ushort index = font.GetGlyph(codePoint);
        using SKPath? path = index == 0 ? null : font.GetGlyphPath(index);
        return path is { IsEmpty: false } ? new Glyph(AdvanceOf(font, index), typeface, index, null) : null;
    }

    private static Glyph Blank()
    {
        using SKFont font = Designed(Embedded);
        return new Glyph(AdvanceOf(font, font.GetGlyph(' ')), null, 0, null);
    }

    private static float AdvanceOf(SKFont font, ushort index) => font.GetGlyphWidths([index])[0] / GridSize;

    private static SKTypeface Load()
    {
        using Stream stream = typeof(Glyph).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"The font '{Resource}' is not embedded.");
        return SKTypeface.FromStream(stream) ?? throw new InvalidOperationException($"The font '{Resource}' cannot be read.");
    }
}
