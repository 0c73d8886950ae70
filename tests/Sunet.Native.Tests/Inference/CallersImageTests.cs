using CommunityToolkit.HighPerformance;
using Sunet.Native.Backends;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Inference;
using Sunet.Native.Inference.Streams;
using Sunet.Native.Models;
using Sunet.Native.Tensors;
using Sunet.Native.Tests.Inference.Streams;

namespace Sunet.Native.Tests.Inference;

/// <summary>Images and labels in the memory of callers, however they lie there, against images of <see cref="Rgb"/>: bit for bit.</summary>
public sealed class CallersImageTests : IDisposable
{
    private readonly CpuBackend backend = new(threads: 2);
    private readonly SunetModel model = CountTests.Balanced();

    /// <summary>In one piece, in columns and rows of one pixel, at scales, mirrored, in tiles and in crops.</summary>
    public static TheoryData<int, int, PredictorOptions> Looks { get; } = new()
    {
        { 33, 57, new PredictorOptions() },
        { 40, 1, new PredictorOptions() },
        { 1, 37, new PredictorOptions() },
        { 40, 41, new PredictorOptions { Flip = true } },
        { 48, 50, new PredictorOptions { Scales = [0.75, 1] } },
        { 70, 90, new PredictorOptions { TileSize = 64, TileOverlap = 16 } },
        { 70, 90, new PredictorOptions { CropSize = 64, Flip = true } },
    };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => backend.Dispose();

    [Theory]
    [MemberData(nameof(Looks))]
    public async Task Segment_EveryLayout_GivesTheBitsOfRgb(int height, int width, PredictorOptions options)
    {
        using var predictor = new Predictor(model, options, backend);
        foreach (PixelFormat format in Enum.GetValues<PixelFormat>())
        {
            Rgb[,] image = LaidOut.Image(height, width, format);
            byte[,] expected = new byte[height, width], labels = new byte[height, width], later = new byte[height, width];
            predictor.Segment(image, expected);
            foreach (int padding in new[] { 0, 5 })
            {
                byte[] bytes = LaidOut.Bytes(image, format, padding, out ImageLayout layout);
                predictor.Segment(bytes, layout, labels);
                await predictor.SegmentAsync(bytes, layout, later, cancellation: Token);
                Assert.Equal(expected, labels);
                Assert.Equal(expected, later);
            }
        }
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(3, 0)]
    [InlineData(1, 64)]
    public async Task SegmentMany_LayoutsMixed_GivesTheBitsOfRgb(int batch, int tile)
    {
        using var predictor = new Predictor(model, new PredictorOptions { TileSize = tile, TileOverlap = tile / 4 }, backend);
        (int H, int W)[] sizes = [(40, 66), (66, 40)];
        PixelFormat[] formats = Enum.GetValues<PixelFormat>();
        var images = new ImageRequest[20];
        var alone = new byte[images.Length][,];
        for (int i = 0; i < images.Length; i++)
        {
            (int height, int width) = sizes[i % 2];
            PixelFormat format = formats[i % formats.Length];
            Rgb[,] image = LaidOut.Image(height, width, format, seed: i);
            byte[] bytes = LaidOut.Bytes(image, format, padding: i % 3, out ImageLayout layout);
            images[i] = i % 7 == 6 ? StreamImages.Request(image) : new ImageRequest(bytes, layout, new byte[height, width]);
            predictor.Segment(image, alone[i] = new byte[height, width]);
        }

        var options = new StreamOptions { BatchSize = batch };
        List<ImageResult> results = await StreamImages.All(predictor.SegmentMany(StreamImages.Stream(images), options, Token));
        Assert.All(results, r => Assert.Equal(alone[r.Index], r.Request.Labels.ToArray()));
        Assert.Equal(images.Length, results.Count);
    }

    [Fact]
    public void ImageRequest_UsedAgain_HasTheImageThatWasSetLast()
    {
        byte[] bytes = LaidOut.Bytes(LaidOut.Image(4, 5, PixelFormat.Bgra), PixelFormat.Bgra, 0, out ImageLayout layout);
        var request = new ImageRequest(bytes, layout, new byte[4, 5]);
        Assert.Equal((4, 5, true), (request.Height, request.Width, request.Image.IsEmpty));
        request.Image = new Rgb[7, 8];
        Assert.Equal((7, 8, true), (request.Height, request.Width, request.Pixels.IsEmpty));
        request.SetPixels(bytes, layout);
        Assert.Equal((4, 5, true), (request.Height, request.Width, request.Image.IsEmpty));
        Assert.Throws<ArgumentException>(() => request.SetPixels(bytes.AsMemory(1), layout));
        Assert.Equal((4, 5, true), (request.Height, request.Width, request.Image.IsEmpty));
    }

    [Fact]
    public async Task Segment_BytesThatAreNoImage_IsRefused()
    {
        using var predictor = new Predictor(model, new PredictorOptions(), backend);
        var layout = new ImageLayout(40, 50, PixelFormat.Rgb, 160);
        var labels = new byte[40, 50];
        byte[] bytes = new byte[layout.Bytes];
        predictor.Segment(bytes, layout, labels);
        ArgumentException tooShort = Assert.Throws<ArgumentException>(() => predictor.Segment(bytes.AsSpan(1), layout, labels));
        Assert.Equal("pixels", tooShort.ParamName);
        Assert.Contains($"has {bytes.Length} bytes; {bytes.Length - 1} were given", tooShort.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => predictor.Segment(bytes, default, labels));
        Assert.Throws<ArgumentException>(() => predictor.Segment(bytes, layout, new byte[40, 51]));
        await Assert.ThrowsAsync<ArgumentException>(() => predictor.SegmentAsync(bytes.AsMemory(1), layout, labels, cancellation: Token));
    }

    [Theory]
    [MemberData(nameof(Looks))]
    public async Task Segment_LabelsWithAStride_WritesNothingBetweenRows(int height, int width, PredictorOptions options)
    {
        using var predictor = new Predictor(model, options, backend);
        Rgb[,] image = CountTests.Image(height, width);
        var expected = new byte[height, width];
        predictor.Segment(image, expected);

        int stride = width + 9;
        foreach (bool isAsync in new[] { false, true })
        {
            byte[] room = new byte[(height * stride) + 3];
            room.AsSpan().Fill(77);
            var labels = new Memory2D<byte>(room, 3, height, width, pitch: 9);
            if (isAsync)
                await predictor.SegmentAsync(image, labels, cancellation: Token);
            else
                predictor.Segment(image, labels.Span);
            Assert.Equal(expected, labels.ToArray());
            Assert.Equal(3 + (9 * height), room.Count(b => b == 77));
        }
    }
}
