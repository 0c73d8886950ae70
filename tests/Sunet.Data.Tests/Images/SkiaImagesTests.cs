using CommunityToolkit.HighPerformance;
using SkiaSharp;
using Sunet.Data.Images;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Inference;
using Sunet.Native.Inference.Streams;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;

namespace Sunet.Data.Tests.Images;

/// <summary>Bitmaps are segmented as the same pixels in RGB are, bit for bit, or refused.</summary>
public sealed class SkiaImagesTests : IDisposable
{
    private const int Height = 37, Width = 45;

    private static readonly SunetSpec Spec = new()
    {
        Config = new SunetConfig("custom", 4, 1, [8, 12, 16, 20]) { StemWidth = 6, ResidualWidth = 8 },
        Head = SunetHead.Segmenter,
        Classes = 3,
        OutputStride = 16,
    };

    private readonly CpuBackend backend = new(threads: 1);
    private readonly Predictor predictor;

    public SkiaImagesTests()
    {
        SunetModel model = SunetModel.Create(Spec, seed: 5);
        Balance(model);
        predictor = new Predictor(model, new PredictorOptions(), backend);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        predictor.Dispose();
        backend.Dispose();
    }

    [Theory]
    [InlineData(SKColorType.Rgba8888)]
    [InlineData(SKColorType.Bgra8888)]
    [InlineData(SKColorType.Rgb888x)]
    [InlineData(SKColorType.Gray8)]
    public async Task Segment_ColourType_GivesTheBitsOfRgb(SKColorType type)
    {
        using SKBitmap bitmap = Drawn(type);
        Rgb[,] image = PixelsOf(bitmap);
        byte[,] expected = Labels(image), labels = new byte[Height, Width], later = new byte[Height, Width];
        predictor.Segment(bitmap, labels);
        await foreach (ImageResult result in predictor.SegmentMany(One(bitmap.ToImageRequest(later)), cancellation: Token))
            result.ThrowIfFailed();
        Assert.Equal(expected, labels);
        Assert.Equal(expected, later);
        Assert.True(expected.Cast<byte>().Distinct().Count() > 1, "One label everywhere would agree with anything.");
    }

    [Fact]
    public void Segment_Subset_ReadsItsRowsOnly()
    {
        using SKBitmap whole = Drawn(SKColorType.Bgra8888);
        using var part = new SKBitmap();
        Assert.True(whole.ExtractSubset(part, new SKRectI(5, 3, 38, 36)));
        Assert.True(part.RowBytes > 4 * part.Width, "The rows of a subset lie apart.");
        var labels = new byte[part.Height, part.Width];
        predictor.Segment(part, labels);
        Assert.Equal(Labels(PixelsOf(whole).AsSpan2D(3, 5, 33, 33).ToArray()), labels);
    }

    [Theory]
    [InlineData(SKAlphaType.Premul, 100)]
    [InlineData(SKAlphaType.Unpremul, 200)]
    public void Segment_TranslucentPixels_AreSeenAsTheyAreStored(SKAlphaType alpha, byte seen)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(Width, Height, SKColorType.Rgba8888, alpha));
        bitmap.Erase(new SKColor(200, 0, 0, 128));
        Assert.InRange(bitmap.GetPixelSpan()[0], seen - 1, seen + 1);
        var image = new Rgb[Height, Width];
        image.AsSpan2D().Fill(new Rgb(bitmap.GetPixelSpan()[0], 0, 0));
        var labels = new byte[Height, Width];
        predictor.Segment(bitmap, labels);
        Assert.Equal(Labels(image), labels);
    }

    [Theory]
    [InlineData(SKColorType.Rgb565)]
    [InlineData(SKColorType.Alpha8)]
    [InlineData(SKColorType.RgbaF16)]
    public void Segment_OtherColourType_IsRefusedAndMayBeConverted(SKColorType type)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(Width, Height, type));
        var labels = new byte[Height, Width];
        ArgumentException refused = Assert.Throws<ArgumentException>(() => predictor.Segment(bitmap, labels));
        Assert.Contains($"colour type is {type}", refused.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => bitmap.ToImageRequest(labels));
        using SKBitmap converted = bitmap.Copy(SKColorType.Rgba8888);
        predictor.Segment(converted, labels);
    }

    [Fact]
    public async Task Segment_BitmapWithoutPixels_IsRefused()
    {
        var labels = new byte[Height, Width];
        using var empty = new SKBitmap();
        using var unallocated = new SKBitmap();
        Assert.Throws<ArgumentException>(() => predictor.Segment(empty, labels));
        Assert.Throws<ArgumentException>(() => unallocated.ToImageRequest(labels));
        SKBitmap bitmap = Drawn(SKColorType.Gray8);
        Assert.Throws<ArgumentException>(() => predictor.Segment(bitmap, new byte[Height, Width + 1]));
        ImageRequest request = bitmap.ToImageRequest(labels);
        bitmap.Dispose();
        Assert.Throws<ObjectDisposedException>(() => predictor.Segment(bitmap, labels));
        Assert.Throws<ObjectDisposedException>(() => bitmap.ToImageRequest(labels));
        await foreach (ImageResult result in predictor.SegmentMany(One(request), cancellation: Token))
            Assert.IsType<ObjectDisposedException>(result.Failure);
    }

    [Fact]
    public async Task SegmentMany_BitmapDisposedWithinABatch_FailsAlone()
    {
        SKBitmap gone = Drawn(SKColorType.Rgba8888);
        using SKBitmap there = Drawn(SKColorType.Bgra8888);
        byte[,] expected = Labels(PixelsOf(there));
        byte[][,] labels = [new byte[Height, Width], new byte[Height, Width], new byte[Height, Width]];
        ImageRequest[] batch = [there.ToImageRequest(labels[0]), gone.ToImageRequest(labels[1]), there.ToImageRequest(labels[2])];
        gone.Dispose();
        var failures = new List<Exception?>();
        var options = new StreamOptions { BatchSize = batch.Length };
        await foreach (ImageResult result in predictor.SegmentMany(batch.ToAsyncEnumerable(), options, Token))
            failures.Add(result.Failure);
        Assert.Equal([null, typeof(ObjectDisposedException), null], failures.Select(f => f?.GetType()));
        Assert.Equal(expected, labels[0]);
        Assert.Equal(expected, labels[2]);
    }

    private static SKBitmap Drawn(SKColorType type)
    {
        var bitmap = new SKBitmap(new SKImageInfo(Width, Height, type, SKAlphaType.Opaque));
        var random = new Random(3);
        using var canvas = new SKCanvas(bitmap);
        using var paint = new SKPaint();
        for (int i = 0; i < 200; i++)
        {
            paint.Color = new SKColor((byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(256));
            canvas.DrawRect(random.Next(Width), random.Next(Height), 6, 5, paint);
        }

        return bitmap;
    }

    /// <summary>What Skia itself says of every pixel of an opaque bitmap.</summary>
    private static Rgb[,] PixelsOf(SKBitmap bitmap)
    {
        var image = new Rgb[Height, Width];
        for (int y = 0; y < Height; y++)
        {
            for (int x = 0; x < Width; x++)
            {
                SKColor colour = bitmap.GetPixel(x, y);
                image[y, x] = new Rgb(colour.Red, colour.Green, colour.Blue);
            }
        }

        return image;
    }

    private static async IAsyncEnumerable<ImageRequest> One(ImageRequest request)
    {
        await Task.CompletedTask;
        yield return request;
    }

    /// <summary>Makes every class as likely as the others, on the whole, so that labels differ from pixel to pixel.</summary>
    private void Balance(SunetModel model)
    {
        var probabilities = new float[Spec.Classes * Height * Width];
        using (var first = new Predictor(model, new PredictorOptions(), backend))
        using (SKBitmap bitmap = Drawn(SKColorType.Rgba8888))
            first.Probabilities(PixelsOf(bitmap), probabilities);
        Span<float> biases = model.Write("final.conv1.bias");
        for (int c = 0; c < biases.Length; c++)
            biases[c] -= probabilities.Skip(c * Height * Width).Take(Height * Width).Average(p => MathF.Log(p));
    }

    private byte[,] Labels(Rgb[,] image)
    {
        var labels = new byte[image.GetLength(0), image.GetLength(1)];
        predictor.Segment(image, labels);
        return labels;
    }
}
