using System.Collections.Concurrent;
using SkiaSharp;

namespace Sunet.Data.Reporting;

/// <summary>The fonts installed on this machine, asked for characters that the embedded font lacks.</summary>
internal static class SystemFonts
{
    private const int UsualWeight = 400, DeepestFolder = 8;
    private static readonly ConcurrentDictionary<int, SKTypeface?> Found = new();
    private static readonly Lazy<SKTypeface[]> OfFiles = new(() => [.. Open(Folders())]);

    /// <summary>A font with a character, or null where none has it. It stays the property of this class.</summary>
    public static SKTypeface? WithCharacter(int codePoint) => Found.GetOrAdd(codePoint, Find);

    /// <summary>The fonts below some folders, plain upright ones first. What cannot be read is passed over.</summary>
    public static IEnumerable<SKTypeface> Open(IEnumerable<string> folders)
    {
        var options = new EnumerationOptions
        {
            RecurseSubdirectories = true,
            MaxRecursionDepth = DeepestFolder,
            IgnoreInaccessible = true,
            AttributesToSkip = FileAttributes.ReparsePoint | FileAttributes.Device,
        };
        return folders.Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*", options)).Where(IsFont).Order(StringComparer.Ordinal)
            .Select(path => SKTypeface.FromFile(path)).OfType<SKTypeface>()
            .OrderBy(font => font.FontSlant != SKFontStyleSlant.Upright).ThenBy(font => Math.Abs(font.FontWeight - UsualWeight))
            .ThenBy(font => !font.FamilyName.Contains("Sans", StringComparison.Ordinal));
    }

    /// <summary>Whether a font has a character.</summary>
    public static bool Has(SKTypeface? typeface, int codePoint)
    {
        if (typeface is null)
            return false;
        using var font = new SKFont(typeface);
        return font.GetGlyph(codePoint) != 0;
    }

    private static SKTypeface? Find(int codePoint)
    {
        // The drawing library for Linux that needs no other library knows no installed font, so there the files are asked.
        SKTypeface? matched = SKFontManager.Default.MatchCharacter(codePoint);
        return Has(matched, codePoint) ? matched : OfFiles.Value.FirstOrDefault(typeface => Has(typeface, codePoint));
    }

    private static string[] Folders()
    {
        if (!OperatingSystem.IsLinux())
            return [];
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string[] own = home.Length == 0 ? [] : [Path.Combine(home, ".local", "share", "fonts"), Path.Combine(home, ".fonts")];
        return ["/usr/share/fonts", "/usr/local/share/fonts", .. own];
    }

    private static bool IsFont(string path) => Path.GetExtension(path).ToUpperInvariant() is ".TTF" or ".OTF" or ".TTC";
}
