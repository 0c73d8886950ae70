using SkiaSharp;

namespace Sunet.Data.Reporting;

/// <summary>Where a text stands relative to the place it is drawn at.</summary>
internal enum TextAnchor
{
    /// <summary>It begins there.</summary>
    Start,

    /// <summary>Its middle is there.</summary>
    Middle,

    /// <summary>It ends there.</summary>
    End,
}

/// <summary>
/// Measures and draws lines of text. A server or container often has no fonts at all, so the letters are those of an embedded font, and
/// their outlines are filled as any other shape: no setting of a machine changes a pixel of them.
/// </summary>
internal static class Lettering
{
    /// <summary>The height of a line in the size of its text, with room for accents and descenders.</summary>
    public const float LineHeight = 1.3f;

    private const string Ellipsis = "…";
    private const float CapitalHeight = 0.729f;

    /// <summary>The width of a text in pixels.</summary>
    public static float Width(string text, float size) => size * Glyph.Of(text).Sum(glyph => glyph.Advance);

    /// <summary>A text that is no wider than it may be; one that was cut ends in an ellipsis.</summary>
    public static string Fit(string text, float size, float width)
    {
        if (Width(text, size) <= width)
            return text;
        int length = text.Length;
        while (length > 0 && Width(text[..length].TrimEnd() + Ellipsis, size) > width)
            length -= length > 1 && char.IsLowSurrogate(text[length - 1]) ? 2 : 1;
        return text[..length].TrimEnd() + Ellipsis;
    }

    /// <summary>Draws a line of text.</summary>
    /// <param name="canvas">Where.</param>
    /// <param name="text">What; a character that no font has becomes a box with its code point.</param>
    /// <param name="x">Where it begins, ends or has its middle.</param>
    /// <param name="y">The middle of its capital letters.</param>
    /// <param name="size">Pixels of the font's em, about 1.4 times the height of a capital letter.</param>
    /// <param name="colour">Of its ink.</param>
    /// <param name="anchor">What of it is at <paramref name="x"/>.</param>
    public static void Draw(
        SKCanvas canvas, string text, float x, float y, float size, SKColor colour, TextAnchor anchor = TextAnchor.Start)
    {
        using var paint = new SKPaint { Color = colour, IsAntialias = true };
        float left = anchor switch
        {
            TextAnchor.Middle => x - (Width(text, size) / 2),
            TextAnchor.End => x - Width(text, size),
            _ => x,
        };
        foreach (Glyph glyph in Glyph.Of(text))
        {
            if (glyph.Typeface is not null)
                DrawOutline(canvas, glyph, left, y + (CapitalHeight * size / 2), size, paint);
            else if (glyph.Code is { } code)
                DrawBox(canvas, code, SKRect.Create(left, y, glyph.Advance * size, 0), size, colour);
            left += glyph.Advance * size;
        }
    }

    private static void DrawOutline(SKCanvas canvas, Glyph glyph, float left, float baseline, float size, SKPaint paint)
    {
        using SKFont font = Glyph.Designed(glyph.Typeface!);
        using SKPath? path = font.GetGlyphPath(glyph.Index);
        if (path is null)
            return;
        float scale = size / Glyph.GridSize;
        path.Transform(SKMatrix.CreateScaleTranslation(scale, scale, left, baseline));
        canvas.DrawPath(path, paint);
    }

    private static void DrawBox(SKCanvas canvas, string code, SKRect place, float size, SKColor colour)
    {
        float margin = Glyph.BoxMargin * size, height = size * 0.48f;
        using var rim = new SKPaint { Color = colour, Style = SKPaintStyle.Stroke, StrokeWidth = size / 14, IsAntialias = true };
        canvas.DrawRect(new SKRect(place.Left + (margin / 2), place.Top - height, place.Right - (margin / 2), place.Top + height), rim);
        Draw(canvas, code, place.MidX, place.Top, Glyph.CodeSize * size, colour, TextAnchor.Middle);
    }
}
