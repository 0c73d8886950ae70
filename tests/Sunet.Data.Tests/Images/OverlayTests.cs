using CommunityToolkit.HighPerformance;
using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Tests.Images;

public sealed class OverlayTests : IDisposable
{
    private static readonly string[] Names = ["background", "road", "sky", "tree"];
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>Rows of all lengths around those of vectors, as parts of larger arrays.</summary>
    [Fact]
    public void Tint_AnyWidth_IsThePlainFormula()
    {
        var random = new Random(1);
        ClassColours colours = ClassColours.ForNames(Names);
        for (int width = 1; width < 75; width++)
        {
            (Rgb[,] image, byte[,] labels) = Make(7, width + 3, random, width % 3 == 0 ? 1 : 6);
            ReadOnlySpan2D<Rgb> part = new ReadOnlySpan2D<Rgb>(image).Slice(1, 2, 5, width);
            ReadOnlySpan2D<byte> classes = new ReadOnlySpan2D<byte>(labels).Slice(0, 1, 5, width);
            Assert.Equal(Plain(part, classes, colours, 1), Overlay.Tint(part, classes, colours).ToArray());
        }
    }

    [Fact]
    public void Tint_LargeImage_IsThePlainFormulaWithWiderBorders()
    {
        (Rgb[,] image, byte[,] labels) = Make(801, 803, new Random(2), 12);
        ClassColours colours = ClassColours.ForNames(Names);
        Assert.Equal(Plain(image, labels, colours, 2), Overlay.Tint(image, labels, colours).ToArray());
    }

    [Fact]
    public void Write_Overlay_LooksLikeTheTintedImage()
    {
        (Rgb[,] image, byte[,] labels) = Make(120, 161, new Random(3), 40);
        for (int i = 0; i < image.Length; i++)
        {
            (int y, int x) = (i / 161, i % 161);
            image[y, x] = new Rgb((byte)x, (byte)y, (byte)(255 - x));
            labels[y, x] = (byte)(((y / 40) + (x / 50)) % Names.Length);
        }

        ClassColours colours = ClassColours.ForNames(Names);
        using var encoder = new OverlayEncoder();
        encoder.Write(folder.At("small.jpg"), new Rgb[8, 8], new byte[8, 8], colours);
        encoder.Write(folder.At("overlay.jpg"), image, labels, colours);
        Rgb[] expected = [.. Overlay.Tint(image, labels, colours).ToArray().Cast<Rgb>()];
        Rgb[] written = [.. ImageFile.Load(folder.At("overlay.jpg")).ToArray().Cast<Rgb>()];
        double squares = expected.Zip(written, (a, b) => Square(a.R - b.R) + Square(a.G - b.G) + Square(a.B - b.B)).Sum();
        double ratio = 10 * Math.Log10(3.0 * 255 * 255 * expected.Length / squares);

        // A file of another image has 10 dB, and one whose colour is in full and nearly exact 40.
        Assert.InRange(ratio, 24, 100);
        Assert.Throws<ArgumentException>(() => encoder.Write(folder.At("bad.jpg"), new Rgb[2, 2], new byte[2, 3], colours));
        Assert.Throws<ArgumentException>(() => encoder.Write(folder.At("bad.jpg"), new Rgb[0, 2], new byte[0, 2], colours));
    }

    [Fact]
    public void Write_OneOverlayAfterAnother_AllocatesNoPixels()
    {
        (Rgb[,] image, byte[,] labels) = Make(240, 320, new Random(4), 30);
        ClassColours colours = ClassColours.ForNames(Names);
        using var encoder = new OverlayEncoder();
        string path = folder.At("overlay.jpg");
        encoder.Write(path, image, labels, colours);
        long before = GC.GetAllocatedBytesForCurrentThread();
        const int Overlays = 10, Most = 4096;
        for (int i = 0; i < Overlays; i++)
            encoder.Write(path, image, labels, colours);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, Overlays * Most);
    }

    private static int Square(int value) => value * value;

    private static (Rgb[,] Image, byte[,] Labels) Make(int height, int width, Random random, int run)
    {
        var image = new Rgb[height, width];
        var labels = new byte[height, width];
        byte[] known = [0, 1, 2, 3, LabelFile.IgnoreLabel];
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                image[y, x] = new Rgb((byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(256));
                bool isNew = random.Next(run) == 0 || (x == 0 && y == 0);
                labels[y, x] = isNew ? known[random.Next(known.Length)] : x > 0 ? labels[y, x - 1] : labels[y - 1, x];
            }
        }

        return (image, labels);
    }

    private static Rgb[,] Plain(ReadOnlySpan2D<Rgb> image, ReadOnlySpan2D<byte> labels, ClassColours colours, int border)
    {
        var result = new Rgb[image.Height, image.Width];
        for (int y = 0; y < image.Height; y++)
        {
            for (int x = 0; x < image.Width; x++)
            {
                byte label = labels[y, x];
                bool isBorder = false;
                for (int away = -border; away <= border; away++)
                {
                    isBorder |= y + away >= 0 && y + away < image.Height && labels[y + away, x] != label;
                    isBorder |= x + away >= 0 && x + away < image.Width && labels[y, x + away] != label;
                }

                Rgb pixel = image[y, x], colour = colours[label];
                result[y, x] = label == LabelFile.IgnoreLabel || label == 0 ? pixel : isBorder ? colour
                    : new Rgb(Half(pixel.R, colour.R), Half(pixel.G, colour.G), Half(pixel.B, colour.B));
            }
        }

        return result;
    }

    private static byte Half(byte a, byte b) => (byte)((a + b + 1) / 2);
}
