using System.IO.Compression;
using SkiaSharp;
using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Tests.Images;

public sealed class IndexPngEncoderTests : IDisposable
{
    private readonly TestFolder folder = new();
    private readonly IndexPngEncoder encoder = new();

    public void Dispose()
    {
        encoder.Dispose();
        folder.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(21)]
    [InlineData(256)]
    public void Encode_AnyLabels_AreReadBackByBothReaders(int classes)
    {
        var random = new Random(classes);
        foreach ((int height, int width) in new[] { (1, 1), (1, 40), (40, 1), (23, 65), (90, 130) })
        {
            foreach (int run in new[] { 1, 9, 200 })
            {
                byte[,] labels = Map(height, width, classes, run, random);
                byte[] file = encoder.Encode(labels).ToArray();
                Assert.Equal(labels, LabelFile.Load(folder.Write(file, "labels.png")).ToArray());
                AssertSkiaReads(file, labels);
            }
        }
    }

    [Fact]
    public void Encode_RegionsOfClasses_IsHardlyLargerThanAllThatDeflateCanFind()
    {
        byte[,] labels = Regions(360, 480, 11, new Random(5));
        var whole = new MemoryStream();
        using (var compressor = new ZLibStream(whole, CompressionLevel.Optimal, leaveOpen: true))
        {
            foreach (byte[] row in labels.Cast<byte>().Chunk(480))
                compressor.Write([0, .. row]);
        }

        Assert.InRange(encoder.Encode(labels).Length, 1, 1.3 * (whole.Length + 900));
    }

    [Fact]
    public void Write_OneMapAfterAnother_AllocatesNoPixels()
    {
        byte[,] labels = Map(360, 480, 11, 60, new Random(6));
        string path = folder.At("labels.png");
        encoder.Write(path, labels);
        long before = GC.GetAllocatedBytesForCurrentThread();
        const int Maps = 10, Most = 4096;
        for (int i = 0; i < Maps; i++)
            encoder.Write(path, labels);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, Maps * Most);
    }

    private static byte[,] Map(int height, int width, int classes, int run, Random random)
    {
        var labels = new byte[height, width];
        var seeds = new byte[(height / run) + 1, (width / run) + 1];
        for (int i = 0; i < seeds.Length; i++)
            seeds[i / seeds.GetLength(1), i % seeds.GetLength(1)] = (byte)random.Next(classes);
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
                labels[y, x] = seeds[y / run, (x + (y % run)) / run % seeds.GetLength(1)];
        }

        return labels;
    }

    /// <summary>A point has the class of the nearest of some centres, by a distance that curves the borders.</summary>
    private static byte[,] Regions(int height, int width, int classes, Random random)
    {
        const int Centres = 40;
        (double Y, double X, double Weight)[] centres =
            [.. Enumerable.Range(0, Centres).Select(_ => (
                random.NextDouble() * height, random.NextDouble() * width, 0.5 + random.NextDouble()))];
        var labels = new byte[height, width];
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                int nearest = Enumerable.Range(0, Centres).MinBy(i =>
                    centres[i].Weight * Math.Sqrt(Square(centres[i].Y - y) + Square(centres[i].X - x)));
                labels[y, x] = (byte)(nearest % classes);
            }
        }

        return labels;
    }

    private static double Square(double value) => value * value;

    private static void AssertSkiaReads(byte[] file, byte[,] labels)
    {
        using SKBitmap bitmap = SKBitmap.Decode(file);
        Assert.Equal((labels.GetLength(1), labels.GetLength(0)), (bitmap.Width, bitmap.Height));
        for (int y = 0; y < bitmap.Height; y++)
        {
            for (int x = 0; x < bitmap.Width; x++)
            {
                SKColor pixel = bitmap.GetPixel(x, y);
                Assert.Equal(Overlay.Palette[labels[y, x]], new Rgb(pixel.Red, pixel.Green, pixel.Blue));
            }
        }
    }
}
