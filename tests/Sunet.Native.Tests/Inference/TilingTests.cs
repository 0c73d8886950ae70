using CommunityToolkit.HighPerformance;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Inference;
using Sunet.Native.Models;
using Sunet.Native.Tensors;

namespace Sunet.Native.Tests.Inference;

/// <summary>Tiles and crops against plain loops over whole maps.</summary>
public sealed class TilingTests : IDisposable
{
    private const int Classes = 3;
    private readonly CpuBackend backend = new(threads: 2);
    private readonly SunetModel model = CountTests.Balanced();

    public void Dispose() => backend.Dispose();

    [Theory]
    [InlineData(64, 64, 16)]
    [InlineData(65, 64, 32)]
    [InlineData(97, 64, 32)]
    [InlineData(1000, 256, 64)]
    [InlineData(113, 64, 0)]
    [InlineData(40, 64, 16)]
    [InlineData(10, 64, 32)]
    public void Blended_AnySize_WeighsEveryPixelOneAndCoversIt(int size, int tile, int overlap)
    {
        var axis = TileAxis.Blended(size, tile, overlap);
        var sums = new double[size];
        for (int i = 0; i < axis.Starts.Count; i++)
        {
            for (int p = 0; p < axis.Tile; p++)
                sums[axis.Starts[i] + p] += axis.Weights(i)[p];
        }

        Assert.All(sums, s => Assert.Equal(1, s, 1e-6));
    }

    [Theory]
    [InlineData(100, 64, 43, new[] { 0, 36 })]
    [InlineData(150, 64, 43, new[] { 0, 43, 86 })]
    [InlineData(151, 64, 43, new[] { 0, 43, 86, 87 })]
    [InlineData(64, 64, 43, new[] { 0 })]
    [InlineData(51, 64, 43, new[] { 0 })]
    public void Crops_AnySize_BeginWhereThePublishedCodesDo(int size, int crop, int stride, int[] starts)
    {
        var axis = TileAxis.Crops(size, crop, stride);
        Assert.Equal(starts, axis.Starts);
        Assert.Equal(Math.Max(0, crop - size) / 2, axis.Pad);
    }

    /// <summary>Also where three tiles meet in a row, and where the last one overlaps by nearly all of it.</summary>
    [Theory]
    [InlineData(64, 200, 64, 16)]
    [InlineData(97, 130, 64, 32)]
    [InlineData(150, 203, 64, 32)]
    [InlineData(129, 66, 64, 0)]
    public void Run_RandomTiles_AverageAsOverTheWholeMap(int height, int width, int side, int overlap)
    {
        TileAxis rows = TileAxis.Blended(height, side, overlap), columns = TileAxis.Blended(width, side, overlap);
        var expected = new double[Classes * height * width];
        for (int r = 0; r < rows.Starts.Count; r++)
        {
            for (int c = 0; c < columns.Starts.Count; c++)
                AddWhole(r, c);
        }

        var found = new float[expected.Length];
        var sum = new SumSink(found, Classes, (height, width), 1);
        TileAverage.Run(rows, columns, Classes, new RandomTiles(), ref sum);
        Assert.All(expected.Zip(found), p => Assert.Equal(p.First, p.Second, 1e-6));

        var labels = new byte[height, width];
        var likeliest = new LabelSink(labels, Classes);
        TileAverage.Run(rows, columns, Classes, new RandomTiles(), ref likeliest);
        for (int i = 0; i < height * width; i++)
            Assert.Equal(Enumerable.Range(0, Classes).MaxBy(k => found[(k * height * width) + i]), labels[i / width, i % width]);

        void AddWhole(int r, int c)
        {
            var tile = new float[Classes * rows.Tile * columns.Tile];
            new RandomTiles().Predict(rows.Starts[r], columns.Starts[c], tile);
            for (int i = 0; i < tile.Length; i++)
            {
                int k = i / (rows.Tile * columns.Tile), y = i / columns.Tile % rows.Tile, x = i % columns.Tile;
                expected[(((k * height) + rows.Starts[r] + y) * width) + columns.Starts[c] + x] +=
                    (double)rows.Weights(r)[y] * columns.Weights(c)[x] * tile[i];
            }
        }
    }

    /// <summary>
    /// Tiles compute what the whole image does but for what they cannot see. This network sees less than 512 pixels to either side, so that
    /// with this overlap every pixel of one tile alone is beyond its rim's reach, and only roundoff is left of the difference.
    /// </summary>
    [Fact]
    public void Probabilities_Tiled_EqualTheWholeImagesAwayFromSeams()
    {
        const int side = 1024, height = 64, width = 1536, overlap = 512;
        Rgb[,] image = CountTests.Image(height, width);
        float[] whole = Probabilities(image, new PredictorOptions { TileSize = 0 });
        float[] cut = Probabilities(image, new PredictorOptions { TileSize = side, TileOverlap = overlap });
        double[] change = [.. Enumerable.Range(0, width).Select(x => Enumerable.Range(0, Classes * height).Max(row =>
            Math.Abs((double)whole[(row * width) + x] - cut[(row * width) + x])))];
        double away = Math.Max(change[..overlap].Max(), change[side..].Max()), within = change[overlap..side].Max();
        Assert.True(within > 1e-3, $"Tiles that see as much as the whole image ({within:E1}) show nothing.");
        Assert.InRange(away, 0, 1e-5);
    }

    /// <summary>Sums of a few dozen float32 terms, and one network on the same floats: 1e-5 is ten times their roundoff.</summary>
    [Theory]
    [InlineData(100, 150, false, 0, 1.0)]
    [InlineData(100, 51, true, 0, 1.0)]
    [InlineData(40, 50, false, 0, 0.5, 1.0, 1.25)]
    [InlineData(97, 143, true, 0, 0.5, 1.25)]
    [InlineData(51, 90, true, 64, 0.75, 1.5)]
    public void Probabilities_Crops_EqualThePublishedEvaluation(int height, int width, bool flip, int shorter, params double[] scales)
    {
        Rgb[,] image = CountTests.Image(height, width);
        var options = new PredictorOptions { Flip = flip, Scales = scales, CropSize = 64, CropBase = shorter };
        float[] found = Probabilities(image, options);
        double[] expected = PublishedEvaluation(image, options);
        double error = Math.Sqrt(expected.Zip(found, (e, f) => (e - f) * (e - f)).Sum() / expected.Sum(e => e * e));
        Assert.InRange(error, 0, 1e-5);
    }

    [Fact]
    public void Segment_TiledAndCropped_GivesTheLikeliestOfItsProbabilities()
    {
        Rgb[,] image = CountTests.Image(90, 140);
        foreach (PredictorOptions options in new[]
        {
            new PredictorOptions { TileSize = 64, TileOverlap = 16, Flip = true },
            new PredictorOptions { CropSize = 64, Scales = [0.75, 1] },
        })
        {
            using var predictor = new Predictor(model, options, backend);
            var labels = new byte[90, 140];
            predictor.Segment(image, labels);
            float[] probabilities = Probabilities(image, options);
            for (int i = 0; i < labels.Length; i++)
                Assert.Equal(Enumerable.Range(0, Classes).MaxBy(k => probabilities[(k * labels.Length) + i]), labels[i / 140, i % 140]);
        }
    }

    [Theory]
    [InlineData(32, 0.5, 0, 1)]
    [InlineData(64, 0.0, 0, 1)]
    [InlineData(64, 1.5, 0, 1)]
    [InlineData(64, 0.5, -1, 1)]
    [InlineData(0, 0.5, 64, 1)]
    [InlineData(0, 0.5, 0, 0)]
    public void Validate_CropsOrTurnsOutOfRange_IsRefused(int crop, double stride, int shorter, int concurrency) =>
        Assert.Throws<ConfigurationException>(new PredictorOptions
        {
            CropSize = crop,
            CropStride = stride,
            CropBase = shorter,
            Concurrency = concurrency,
        }.Validate);

    /// <summary>The steps of <see cref="CropAverage"/>, one after the other, in double precision, on whole maps.</summary>
    private double[] PublishedEvaluation(Rgb[,] image, PredictorOptions options)
    {
        (int h, int w) = (image.GetLength(0), image.GetLength(1));
        var pixels = new float[3 * h * w];
        Pixels.Normalise(image, model.Spec.Normalization, pixels);
        var result = new double[Classes * h * w];
        using var predictor = new Predictor(model, new PredictorOptions { Flip = options.Flip, TileSize = 0 }, backend);
        foreach (double scale in options.Scales)
        {
            (int sh, int sw) = CropAverage.Scaled(h, w, scale, options.CropBase);
            double[] scaled = Resize(Array.ConvertAll(pixels, p => (double)p), 3, (h, w), (sh, sw));
            int side = options.CropSize, ph = Math.Max(side, sh), pw = Math.Max(side, sw), top = (ph - sh) / 2, left = (pw - sw) / 2;
            var sums = new double[Classes, ph, pw];
            var counts = new double[ph, pw];
            int step = (int)Math.Ceiling(side * 2 / 3.0);
            for (int y = 0; y < Math.Ceiling((ph - side) / (double)step) + 1; y++)
            {
                for (int x = 0; x < Math.Ceiling((pw - side) / (double)step) + 1; x++)
                    AddCrop(Math.Min(y * step, ph - side), Math.Min(x * step, pw - side));
            }

            var map = new double[Classes * sh * sw];
            for (int i = 0; i < map.Length; i++)
            {
                int y = (i / sw % sh) + top, x = (i % sw) + left;
                map[i] = sums[i / (sh * sw), y, x] / counts[y, x];
            }

            double[] restored = Resize(map, Classes, (sh, sw), (h, w));
            for (int i = 0; i < result.Length; i++)
                result[i] += restored[i] / options.Scales.Count;

            void AddCrop(int y0, int x0)
            {
                var crop = new float[3 * side * side];
                for (int i = 0; i < crop.Length; i++)
                {
                    int y = y0 + (i / side % side) - top, x = x0 + (i % side) - left;
                    if (y >= 0 && y < sh && x >= 0 && x < sw)
                        crop[i] = (float)scaled[(((i / (side * side)) * sh) + y) * sw + x];
                }

                var probabilities = new float[Classes * side * side];
                predictor.Average(crop, new Shape(1, 3, side, side), probabilities);
                for (int i = 0; i < probabilities.Length; i++)
                    sums[i / (side * side), y0 + (i / side % side), x0 + (i % side)] += probabilities[i];
                for (int i = 0; i < side * side; i++)
                    counts[y0 + (i / side), x0 + (i % side)]++;
            }
        }

        return result;
    }

    private static double[] Resize(double[] planes, int channels, (int H, int W) from, (int H, int W) to)
    {
        var result = new double[channels * to.H * to.W];
        for (int i = 0; i < result.Length; i++)
        {
            double y = Math.Clamp((((i / to.W % to.H) + 0.5) * from.H / to.H) - 0.5, 0, from.H - 1);
            double x = Math.Clamp((((i % to.W) + 0.5) * from.W / to.W) - 0.5, 0, from.W - 1);
            int y0 = (int)y, x0 = (int)x, y1 = Math.Min(y0 + 1, from.H - 1), x1 = Math.Min(x0 + 1, from.W - 1);
            int plane = i / (to.H * to.W) * from.H * from.W;
            double At(int row, int column) => planes[plane + (row * from.W) + column];
            double upper = At(y0, x0) + ((x - x0) * (At(y0, x1) - At(y0, x0)));
            double lower = At(y1, x0) + ((x - x0) * (At(y1, x1) - At(y1, x0)));
            result[i] = upper + ((y - y0) * (lower - upper));
        }

        return result;
    }

    private float[] Probabilities(Rgb[,] image, PredictorOptions options)
    {
        using var predictor = new Predictor(model, options, backend);
        var result = new float[Classes * image.Length];
        predictor.Probabilities(image, result);
        return result;
    }

    /// <summary>Numbers that follow from a tile's place, so that no two tiles agree.</summary>
    private readonly struct RandomTiles : ITileSource
    {
        public void Predict(int top, int left, Span<float> probabilities)
        {
            var random = new Random((top * 10_007) + left);
            foreach (ref float probability in probabilities)
                probability = random.NextSingle();
        }
    }
}
