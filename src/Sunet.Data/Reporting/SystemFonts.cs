using System.Collections.Concurrent;
using SkiaSharp;

namespace Sunet.Data.Reporting;

/// <summary>The fonts installed on this machine, asked for characters that the embedded font lacks.</summary>
internal static class SystemFonts
{
    private static readonly ConcurrentDictionary<int, SKTypeface?> Found = new();
    private static readonly Lazy<SKTypeface[]> Families = new(Open);

    /// <summary>A font with a character, or null where none has it. It stays the property of this class.</summary>
    public static SKTypeface? WithCharacter(int codePoint) => Found.GetOrAdd(codePoint, Find);

    private static SKTypeface? Find(int codePoint)
    {
        // Not every build of the drawing library can match a character, so the families are also asked one by one.
        SKTypeface? matched = SKFontManager.Default.MatchCharacter(codePoint);
        return Has(matched, codePoint) ? matched : Families.Value.FirstOrDefault(typeface => Has(typeface, codePoint));
    }

    private static bool Has(SKTypeface? typeface, int codePoint)
    {
        if (typeface is null)
            return false;
        using var font = new SKFont(typeface);
        return font.GetGlyph(codePoint) != 0;
    }

    private static SKTypeface[] Open()
    {
        IEnumerable<string> names = SKFontManager.Default.FontFamilies.Order(StringComparer.Ordinal);
        return [.. names.Select(name => SKFontManager.Default.MatchFamily(name)).OfType<SKTypeface>()];
    }
}
