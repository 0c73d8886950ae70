using CommunityToolkit.HighPerformance;
using Sunet.Data.Datasets.Labels;
using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Tests.Images;

public sealed class ClassColoursTests
{
    private static readonly string[] Streets = ["road", "sky"], WithBackground = ["Background", "cell"];

    [Fact]
    public void ForNames_AnyTwoColours_AreApart()
    {
        ClassColours colours = ClassColours.ForNames(Streets);
        Assert.Equal(256, ClassColours.Count);
        for (int a = 0; a < ClassColours.Count; a++)
        {
            for (int b = 0; b < a; b++)
                Assert.True(Distance(colours[a], colours[b]) >= 16, $"{a} and {b} look alike.");
        }

        for (int a = 0; a < 21; a++)
        {
            for (int b = 0; b < a; b++)
                Assert.True(Distance(colours[a], colours[b]) >= 45, $"{a} and {b} look alike, and are among the first.");
        }
    }

    [Fact]
    public void ForNames_EveryColour_IsBrightAndNoGrey()
    {
        ClassColours colours = ClassColours.ForNames(Streets);
        for (int i = 0; i < ClassColours.Count; i++)
        {
            Rgb c = colours[i];
            int most = Math.Max(c.R, Math.Max(c.G, c.B)), least = Math.Min(c.R, Math.Min(c.G, c.B));
            Assert.True(most >= 100 && most - least >= 48, $"{i}: {c}");
        }
    }

    [Fact]
    public void Of_VocNames_GiveTheColoursOfVoc()
    {
        ClassColours voc = ClassPalette.Of([.. VocClasses.Names]), other = ClassPalette.Of([.. VocClasses.Names.Skip(1)]);
        Assert.Equal(VocPalette.Colours.ToArray(), Enumerable.Range(0, 256).Select(i => voc[i]));
        Assert.NotEqual(VocPalette.Colours[1], other[1]);
        Assert.True(voc.HasBackground);
        Assert.False(other.HasBackground);
    }

    [Fact]
    public void Tint_Background_IsUntouchedAndOthersHaveBorders()
    {
        (Rgb[,] image, byte[,] labels) = Square();
        ClassColours colours = ClassColours.ForNames(WithBackground);
        Rgb[,] tinted = Overlay.Tint(image, labels, colours).ToArray();
        for (int y = 0; y < 12; y++)
        {
            for (int x = 0; x < 12; x++)
            {
                bool isInside = y is > 3 and < 9 && x is > 3 and < 9, isFull = isInside && (y is 4 or 8 || x is 4 or 8);
                Assert.Equal(isFull ? colours[1] : isInside ? Half(image[y, x], colours[1]) : image[y, x], tinted[y, x]);
            }
        }
    }

    [Fact]
    public void Tint_WithoutABackground_ReachesEveryPixelButThoseToIgnore()
    {
        (Rgb[,] image, byte[,] labels) = Square();
        labels[0, 0] = LabelFile.IgnoreLabel;
        ClassColours colours = ClassColours.ForNames(Streets);
        Rgb[,] tinted = Overlay.Tint(image, labels, colours).ToArray();
        Assert.Equal(image[0, 0], tinted[0, 0]);
        Assert.Equal(colours[0], tinted[0, 1]);
        Assert.Equal(Half(image[0, 5], colours[0]), tinted[0, 5]);
        Assert.Equal(colours[0], tinted[3, 5]);
        Assert.Throws<ArgumentException>(() => Overlay.Tint(new Rgb[12, 11], labels, colours));
    }

    [Fact]
    public void Tint_LargeImage_HasWiderBorders()
    {
        var labels = new byte[1200, 1200];
        labels.AsSpan2D(0, 600, 1200, 600).Fill(1);
        ClassColours colours = ClassColours.ForNames(Streets);
        Rgb[,] tinted = Overlay.Tint(new Rgb[1200, 1200], labels, colours).ToArray();
        Assert.Equal(3, Enumerable.Range(0, 1200).Count(x => tinted[7, x] == colours[1]));
        Assert.Equal(3, Enumerable.Range(0, 1200).Count(x => tinted[7, x] == colours[0]));
    }

    private static (Rgb[,] Image, byte[,] Labels) Square()
    {
        var image = new Rgb[12, 12];
        var labels = new byte[12, 12];
        for (int y = 0; y < 12; y++)
        {
            for (int x = 0; x < 12; x++)
            {
                image[y, x] = new Rgb((byte)(y * 20), (byte)(x * 20), 7);
                labels[y, x] = (byte)(y is > 3 and < 9 && x is > 3 and < 9 ? 1 : 0);
            }
        }

        return (image, labels);
    }

    private static Rgb Half(Rgb a, Rgb b) => new((byte)((a.R + b.R + 1) / 2), (byte)((a.G + b.G + 1) / 2), (byte)((a.B + b.B + 1) / 2));

    private static double Distance(Rgb a, Rgb b) =>
        Math.Sqrt(Math.Pow(a.R - b.R, 2) + Math.Pow(a.G - b.G, 2) + Math.Pow(a.B - b.B, 2));
}
