using SkiaSharp;
using Sunet.Data.Images;
using Sunet.Data.Reporting;

namespace Sunet.Data.Tests.Reporting;

public sealed class LetteringTests
{
    private const int Size = 24;

    [Fact]
    public void Draw_LettersOfManyAlphabets_AreAllOfTheirOwn()
    {
        const string Letters = "aäàáâãåāăąæAÄÖÜöüoøősßśšуўцчшщѣіїαβγδεζηθЖЯЮЩ→–…№€?.,:;0123456789%";
        var seen = new Dictionary<string, char>();
        foreach (char letter in Letters)
        {
            string drawn = Ink(letter.ToString());
            Assert.True(drawn.Any(digit => digit != 'F'), $"'{letter}' is blank.");
            Assert.True(seen.TryAdd(drawn, letter), $"'{letter}' looks like '{seen.GetValueOrDefault(drawn)}'.");
            Assert.Null(Assert.Single(Glyph.Of(letter.ToString())).Code);
        }
    }

    [Fact]
    public void Draw_EveryPrintableAsciiCharacter_HasAGlyphOfItsOwn()
    {
        var seen = new HashSet<string>();
        for (char character = ' '; character <= '~'; character++)
            Assert.True(seen.Add(Ink(character.ToString())), $"'{character}' looks like another character.");
    }

    [Theory]
    [InlineData("\uE123", "E123")]
    [InlineData("\U0010FFF0", "10FFF0")]
    [InlineData("\u0007", "0007")]
    public void Draw_CharacterThatNoFontHas_IsABoxWithItsCode(string text, string code)
    {
        Assert.Equal(code, Assert.Single(Glyph.Of(text)).Code);
        Assert.NotEqual(Ink("?"), Ink(text));
        Assert.NotEqual(Ink("\uE124"), Ink(text));

        // The box has ink along all of its four sides.
        int width = (int)Lettering.Width(text, Size);
        using SKBitmap bitmap = Drawn(text);
        bool IsDark(int x, int y) => bitmap.GetPixel(x, y).Red < 200;
        Assert.True(Enumerable.Range(4, width - 8).All(x => Enumerable.Range(0, 40).Count(y => IsDark(x, y)) >= 2));
        Assert.True(Enumerable.Range(1, 5).Any(x => Enumerable.Range(12, 16).All(y => IsDark(x, y))), "There is no left side.");
        Assert.True(Enumerable.Range(width - 5, 5).Any(x => Enumerable.Range(12, 16).All(y => IsDark(x, y))), "There is no right side.");
    }

    [Theory]
    [InlineData(0x4E2D)]
    [InlineData(0x2603)]
    [InlineData(0x0540)]
    public void Draw_CharacterBeyondTheEmbeddedFont_IsASystemFontsOrABox(int codePoint)
    {
        Glyph glyph = Assert.Single(Glyph.Of(char.ConvertFromUtf32(codePoint)));
        Assert.Equal(SystemFonts.WithCharacter(codePoint) is null, glyph.Code is not null);
        Assert.True(glyph.Advance > 0.3f);
        Assert.NotEqual(Ink("?"), Ink(char.ConvertFromUtf32(codePoint)));
    }

    [Fact]
    public void SystemFonts_OfAFolder_AreReadAndWhatIsNoFontIsPassedOver()
    {
        using var folder = new TestFolder();
        Assert.Empty(SystemFonts.Open([folder.At("missing")]));
        using (Stream font = typeof(Glyph).Assembly.GetManifestResourceStream("chart-font.ttf")!)
        using (FileStream file = File.Create(folder.At("Some.TTF")))
            font.CopyTo(file);
        File.WriteAllText(folder.At("broken.ttf"), "no font");
        File.WriteAllText(folder.At("readme.txt"), "no font");
        SKTypeface found = Assert.Single(SystemFonts.Open([folder.At("missing"), Path.GetDirectoryName(folder.At("Some.TTF"))!]));
        Assert.Equal((true, false), (SystemFonts.Has(found, 'ß'), SystemFonts.Has(found, 0x4E2D)));
    }

    [Fact]
    public void Draw_HalfOfACharacter_IsABoxToo()
    {
        string half = new('\uD83D', 1);
        Assert.Equal("D83D", Assert.Single(Glyph.Of(half)).Code);
        Assert.Equal(["D83D", null], Glyph.Of(half + "a").Select(glyph => glyph.Code));
    }

    [Fact]
    public void Draw_Text_KeepsWithinItsWidth()
    {
        foreach (string text in new[] { "Straße", "Дорога", "Δρόμος", "sky", "\uE123\uE124" })
        {
            using SKBitmap bitmap = Drawn(text);
            int last = Enumerable.Range(0, bitmap.Width).Last(x => Enumerable.Range(0, 40).Any(y => bitmap.GetPixel(x, y).Red < 250));
            Assert.InRange(last, Lettering.Width(text, Size) - 6, Lettering.Width(text, Size) + 1);
        }
    }

    [Fact]
    public void Draw_Text_HasGreyLevels()
    {
        using SKBitmap bitmap = Drawn("SO8");
        Assert.True(bitmap.Pixels.Select(pixel => pixel.Red).Distinct().Count() > 20, "The letters have steps.");
        Assert.All(bitmap.Pixels, pixel => Assert.True(pixel.Red == pixel.Green && pixel.Green == pixel.Blue));
    }

    [Fact]
    public void Fit_NamesThatAreTooLong_EndInAnEllipsisWithinTheWidth()
    {
        Assert.Equal("Straße", Lettering.Fit("Straße", Size, Lettering.Width("Straße", Size)));
        const string Long = "Fußgängerüberweg – пешеходный переход \U0010FFF0\U0010FFF0";
        for (int width = 30; width < Lettering.Width(Long, Size); width += 7)
        {
            string fitted = Lettering.Fit(Long, Size, width);
            Assert.InRange(Lettering.Width(fitted, Size), width > 60 ? width - 160 : 0, width);
            Assert.EndsWith("…", fitted, StringComparison.Ordinal);
            Assert.StartsWith(fitted[..^1], Long, StringComparison.Ordinal);
            Assert.False(fitted.Length > 1 && char.IsHighSurrogate(fitted[^2]));
        }
    }

    [Fact]
    public void Draw_OnManyThreads_IsAlwaysTheSame()
    {
        const string Text = "Straße Дорога \uE123 中文";
        string expected = Ink(Text);
        string[] found = new string[16];
        Parallel.For(0, found.Length, i =>
        {
            found[i] = Ink(Text);
        });
        Assert.All(found, drawn => Assert.True(drawn == expected, "The same text was drawn otherwise."));
    }

    private static string Ink(string text)
    {
        using SKBitmap bitmap = Drawn(text);
        return Convert.ToHexString(bitmap.GetPixelSpan());
    }

    private static SKBitmap Drawn(string text)
    {
        SKBitmap bitmap = Bitmaps.Create(40, Math.Max(40, (int)Lettering.Width(text, Size) + 8));
        using var canvas = new SKCanvas(bitmap);
        canvas.Clear(SKColors.White);
        Lettering.Draw(canvas, text, 0, 20, Size, SKColors.Black);
        return bitmap;
    }
}
