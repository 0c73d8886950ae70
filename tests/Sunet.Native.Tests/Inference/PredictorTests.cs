using CommunityToolkit.HighPerformance;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Inference;
using Sunet.Native.Interop.Cpu;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;
using Sunet.Native.Tests.Models;

namespace Sunet.Native.Tests.Inference;

public sealed class PredictorTests : IDisposable
{
    private readonly CpuBackend backend = new(threads: 2);
    private readonly SunetModel model = SunetModel.Create(SunetSpecTests.Tiny, seed: 5);

    public void Dispose() => backend.Dispose();

    [Theory]
    [InlineData(1, 1)]
    [InlineData(31, 97)]
    [InlineData(64, 64)]
    [InlineData(75, 33)]
    public void Segment_AnySize_GivesTheLikeliestClassOfItsProbabilities(int height, int width)
    {
        Rgb[,] image = Image(height, width);
        using var predictor = new Predictor(model, new PredictorOptions(), backend);
        var labels = new byte[height, width];
        predictor.Segment(image, labels);
        float[] probabilities = Probabilities(image, new PredictorOptions());
        for (int i = 0; i < height * width; i++)
        {
            float[] p = [.. Enumerable.Range(0, 3).Select(c => probabilities[(c * height * width) + i])];
            Assert.Equal(1, p.Sum(), 1e-5);
            Assert.True(p.Max() - p[labels[i / width, i % width]] < 1e-6, $"pixel {i}");
        }
    }

    [Fact]
    public void Probabilities_FlippedImage_AreFlippedWhenFlipIsOn()
    {
        Rgb[,] image = Image(50, 71), mirrored = new Rgb[50, 71];
        for (int y = 0; y < 50; y++)
        {
            for (int x = 0; x < 71; x++)
                mirrored[y, x] = image[y, 70 - x];
        }

        var options = new PredictorOptions { Flip = true, Scales = [0.75, 1] };
        float[] straight = Probabilities(image, options), other = Probabilities(mirrored, options);
        for (int i = 0; i < straight.Length; i++)
            Assert.Equal(straight[i], other[(i / 71 * 71) + 70 - (i % 71)], 1e-6);
    }

    [Fact]
    public void Probabilities_TwoScales_AreTheMeanOfEach()
    {
        Rgb[,] image = Image(64, 48);
        float[] half = Probabilities(image, new PredictorOptions { Scales = [0.75] });
        float[] whole = Probabilities(image, new PredictorOptions { Scales = [1] });
        float[] both = Probabilities(image, new PredictorOptions { Scales = [0.75, 1] });
        for (int i = 0; i < both.Length; i++)
            Assert.Equal((half[i] + whole[i]) / 2, both[i], 1e-6);
    }

    [Fact]
    public void Probabilities_Tiled_SumToOneAndCoverEveryPixel()
    {
        Rgb[,] image = Image(150, 203);
        float[] tiled = Probabilities(image, new PredictorOptions { TileSize = 64, TileOverlap = 16 });
        for (int i = 0; i < 150 * 203; i++)
            Assert.Equal(1, tiled[i] + tiled[i + (150 * 203)] + tiled[i + (2 * 150 * 203)], 1e-5);
    }

    [Theory]
    [InlineData(64, 64, 16)]
    [InlineData(65, 64, 16)]
    [InlineData(1000, 64, 32)]
    [InlineData(113, 64, 16)]
    public void Starts_AnySize_CoverItWithTheOverlap(int size, int tile, int overlap)
    {
        int[] starts = [.. TileAxis.Blended(size, tile, overlap).Starts];
        Assert.Equal(0, starts[0]);
        Assert.Equal(size - tile, starts[^1]);
        Assert.All(starts.Zip(starts.Skip(1)), p => Assert.InRange(p.Second - p.First, 1, tile - overlap));
    }

    [Fact]
    public void Constructor_Classifier_IsRefused()
    {
        SunetModel classifier = SunetModel.Create(SunetSpecTests.Tiny with { Head = SunetHead.Classifier, OutputStride = 32 });
        Assert.Throws<ConfigurationException>(() => new Predictor(classifier, new PredictorOptions(), backend));
    }

    [Fact]
    public void Segment_AfterDispose_SaysSo()
    {
        var predictor = new Predictor(model, new PredictorOptions(), backend);
        predictor.Dispose();
        Assert.Throws<ObjectDisposedException>(() => predictor.Segment(Image(40, 40), new byte[40, 40]));
    }

    [Fact]
    public void Segment_ManyThreads_EqualsSerial()
    {
        Rgb[][,] images = [.. Enumerable.Range(0, 8).Select(i => Image(48 + (i % 2 * 16), 64))];
        using var predictor = new Predictor(model, new PredictorOptions(), backend);
        byte[][,] serial = [.. images.Select(Labels)];
        var parallel = new byte[images.Length][,];
        Parallel.For(0, images.Length, i => parallel[i] = Labels(images[i]));
        for (int i = 0; i < images.Length; i++)
            Assert.Equal(serial[i], parallel[i]);

        byte[,] Labels(Rgb[,] image)
        {
            var labels = new byte[image.GetLength(0), image.GetLength(1)];
            predictor.Segment(image, labels);
            return labels;
        }
    }

    private static Rgb[,] Image(int height, int width)
    {
        var random = new Random((height * 1000) + width);
        var image = new Rgb[height, width];
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
                image[y, x] = new Rgb((byte)random.Next(256), (byte)((x * 5) & 255), (byte)((y * 7) & 255));
        }

        return image;
    }

    private float[] Probabilities(Rgb[,] image, PredictorOptions options)
    {
        using var predictor = new Predictor(model, options, backend);
        var result = new float[3 * image.Length];
        predictor.Probabilities(image, result);
        return result;
    }
}
