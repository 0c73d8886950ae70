using Sunet.Data.Augmentation;
using Sunet.Data.Randomness;
using Sunet.Data.Tests.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Tests.Augmentation;

public sealed class ImageCropTests
{
    private static readonly ImageNormalization Bytes = new([0f, 0f, 0f], [1f / 255, 1f / 255, 1f / 255]);

    private readonly ClassificationAugmentation settings = new();

    [Fact]
    public void Draw_ManyTimes_FillsTheRangesOfAreaAndShape()
    {
        var areas = new List<double>();
        var ratios = new List<double>();
        for (ulong sample = 0; sample < 4000; sample++)
        {
            var random = new Philox(1, PhiloxStream.Augmentation, sample);
            ImageCrop crop = ImageCrop.Draw(375, 500, settings, ref random);
            Assert.True(crop.Left >= 0 && crop.Top >= 0 && crop.Left + crop.Width <= 500 && crop.Top + crop.Height <= 375);
            areas.Add(crop.Width * crop.Height / (375.0 * 500));
            ratios.Add(crop.Width / (double)crop.Height);
        }

        // Whole pixels move a crop of 120 pixels a side by at most 1 / 240 of each.
        Assert.InRange(areas.Min(), 0.079, 0.1);
        Assert.InRange(areas.Max(), 0.95, 1.0);
        Assert.InRange(ratios.Min(), 0.745, 0.77);
        Assert.InRange(ratios.Max(), 1.30, 1.34);

        // Below an area of 0.75 every draw fits at the first try; there the shares are uniform: half lie below the middle, +- 5 deviations.
        double[] small = [.. areas.Where(area => area < 0.7)];
        Assert.InRange(small.Count(area => area < 0.39) / (double)small.Length, 0.45, 0.55);
    }

    [Theory]
    [InlineData(1, 100, 0, 49, 1, 1)]
    [InlineData(90, 3, 43, 0, 4, 3)]
    [InlineData(30, 900, 0, 430, 30, 40)]
    public void Draw_ImageOfAnotherShape_TakesTheCentreOfTheNearestShape(
        int height, int width, int top, int left, int cropHeight, int cropWidth)
    {
        var random = new Philox(1, PhiloxStream.Augmentation, 0);
        ImageCrop crop = ImageCrop.Draw(height, width, settings with { AreaMin = 1 }, ref random);
        Assert.Equal((top, left, cropHeight, cropWidth), (crop.Top, crop.Left, crop.Height, crop.Width));
    }

    [Theory]
    [InlineData(375, 500, 256, 341, 16, 58)]
    [InlineData(500, 333, 384, 256, 80, 16)]
    [InlineData(100, 100, 256, 256, 16, 16)]
    public void Centre_AnyImage_ResizesItsShortSideAsTorchvisionDoes(
        int height, int width, int resizedHeight, int resizedWidth, int top, int left)
    {
        ImageCrop crop = ImageCrop.Centre(height, width, settings);
        Assert.Equal((resizedHeight, resizedWidth, top, left), (crop.ResizedHeight, crop.ResizedWidth, crop.SampleTop, crop.SampleLeft));
    }

    [Theory]
    [InlineData(447, 500, 1)]
    [InlineData(448, 500, 2)]
    [InlineData(900, 1900, 4)]
    [InlineData(4000, 6000, 8)]
    public void Reduction_AnyCrop_LeavesAtLeastTheSample(int height, int width, int reduction) =>
        Assert.Equal(reduction, new ImageCrop(0, 0, height, width, 224, 224, 0, 0).Reduction());

    /// <summary>
    /// Pillow 9.4: image.crop((5, 3, 5 + w, 3 + h)).resize((13, 9), Image.BILINEAR), which rounds to whole numbers twice.
    /// </summary>
    [Theory]
    [InlineData(26, 37, 31, 29, 29, 115, 109, 104, 199, 188, 89, 72, 169, 96, 199, 29, 170)]
    [InlineData(6, 7, 25, 21, 18, 40, 39, 47, 55, 56, 91, 32, 53, 51, 55, 21, 36)]
    public void Sample_ReducedOrEnlarged_IsWhatPillowMakes(int height, int width, params int[] expected)
    {
        float[] sample = Sample(ImageFileTests.Gradient(31, 47), new ImageCrop(3, 5, height, width, 9, 13, 0, 0), (9, 13));
        (int X, int Y)[] places = [(0, 0), (6, 4), (12, 8), (3, 7), (12, 0)];
        for (int i = 0; i < places.Length; i++)
        {
            for (int colour = 0; colour < 3; colour++)
                Assert.Equal(expected[(i * 3) + colour], sample[(colour * 9 * 13) + (places[i].Y * 13) + places[i].X], 1.01f);
        }
    }

    /// <summary>
    /// Against the same in double precision, with every weight written out: errors of float32 are below 255 * 12 taps * 2^-23.
    /// </summary>
    [Theory]
    [InlineData(0, 0, 31, 47, 7, 11, 0, 0, 7, 11)]
    [InlineData(2, 9, 8, 31, 24, 16, 3, 5, 13, 9)]
    [InlineData(30, 46, 1, 1, 5, 5, 0, 0, 5, 5)]
    [InlineData(0, 0, 31, 47, 31, 47, 4, 6, 20, 30)]
    public void Sample_AnyCrop_EqualsTheDefinition(
        int top, int left, int height, int width, int resizedHeight, int resizedWidth, int sampleTop, int sampleLeft, int h, int w)
    {
        var crop = new ImageCrop(top, left, height, width, resizedHeight, resizedWidth, sampleTop, sampleLeft);
        Rgb[,] image = ImageFileTests.Gradient(31, 47);
        float[] sample = Sample(image, crop, (h, w)), mirrored = Sample(image, crop, (h, w), flip: true);
        for (int y = 0; y < h; y++)
        {
            for (int x = 0; x < w; x++)
            {
                double expected = Blend(
                    height, resizedHeight, y + sampleTop, i => Blend(width, resizedWidth, x + sampleLeft, j => image[top + i, left + j].B));
                Assert.Equal(expected, sample[(2 * h * w) + (y * w) + x], 4e-4);
                Assert.Equal(expected, mirrored[(2 * h * w) + (y * w) + w - 1 - x], 4e-4);
            }
        }
    }

    [Theory]
    [InlineData(0.4, 0.1)]
    [InlineData(0.4, 0.0)]
    [InlineData(0.0, 0.1)]
    public void ColourChange_AnyDraw_EqualsTheTransformsOfFbResnetTorch(double jitter, double lighting)
    {
        var crop = new ImageCrop(0, 0, 31, 47, 6, 5, 0, 0);
        float[] plain = Sample(ImageFileTests.Gradient(31, 47), crop, (6, 5));
        for (ulong number = 0; number < 40; number++)
        {
            var drawn = new Philox(7, PhiloxStream.Augmentation, number);
            var again = drawn;
            ColourChange change = ColourChange.Draw(settings with { ColorJitter = jitter, Lighting = lighting }, ref drawn);
            float[] changed = Sample(
                ImageFileTests.Gradient(31, 47), crop, (6, 5), change: change, normalization: ImageNormalization.ImageNet);
            double[] expected = FbResnetTorch([.. plain.Select(value => value / 255.0)], jitter, lighting, ref again);
            for (int i = 0; i < expected.Length; i++)
                Assert.Equal(expected[i], changed[i], 2e-5);
        }
    }

    // Saturation, brightness and contrast blend one after the other; then light is added and colours are normalised.
    private static double[] FbResnetTorch(double[] image, double jitter, double lighting, ref Philox random)
    {
        string order = new[] { "bcs", "bsc", "cbs", "csb", "sbc", "scb" }[random.NextInt32(6)];
        var alphas = new Dictionary<char, double>();
        foreach (char kind in "bcs")
            alphas[kind] = 1 + (jitter * ((2 * random.NextSingle()) - 1));
        var steps = new double[3];
        for (int i = 0; i < 3; i++)
            steps[i] = lighting * Math.Sqrt(-2 * Math.Log(1 - random.NextSingle())) * Math.Cos(2 * Math.PI * random.NextSingle());
        int plane = image.Length / 3;
        foreach (char kind in order)
        {
            double[] grey =
            [
                .. Enumerable.Range(0, plane)
                    .Select(i => (0.299 * image[i]) + (0.587 * image[plane + i]) + (0.114 * image[(2 * plane) + i])),
            ];
            image = [.. image.Select((value, i) => (alphas[kind] * value)
                + ((1 - alphas[kind]) * (kind == 'b' ? 0 : kind == 'c' ? grey.Average() : grey[i % plane])))];
        }

        double[] eigenvalues = [0.2175, 0.0188, 0.0045];
        double[][] eigenvectors = [[-0.5675, 0.7192, 0.4009], [-0.5808, -0.0045, -0.8140], [-0.5836, -0.6948, 0.4203]];
        double[] light = [.. eigenvectors.Select(row => row.Select((component, i) => component * steps[i] * eigenvalues[i]).Sum())];
        ImageNormalization n = ImageNormalization.ImageNet;
        return [.. image.Select((value, i) => (value + light[i / plane] - n.Mean[i / plane]) / n.Deviation[i / plane])];
    }

    private static double Blend(int length, int resized, int at, Func<int, double> value)
    {
        double step = (double)length / resized, support = Math.Max(1, step), centre = (at + 0.5) * step;
        double[] weights = [.. Enumerable.Range(0, length).Select(i => Math.Max(0, 1 - (Math.Abs(i + 0.5 - centre) / support)))];
        return weights.Select((weight, i) => weight == 0 ? 0 : weight * value(i)).Sum() / weights.Sum();
    }

    private static float[] Sample(
        Rgb[,] image, ImageCrop crop, (int Height, int Width) size, bool flip = false, ColourChange change = default,
        ImageNormalization? normalization = null)
    {
        (int height, int width) = (image.GetLength(0), image.GetLength(1));
        byte[] rgba = [.. image.Cast<Rgb>().SelectMany(pixel => new byte[] { pixel.R, pixel.G, pixel.B, 255 })];
        var sample = new float[3 * size.Height * size.Width];
        new CropSampler(normalization ?? Bytes).Sample(rgba, (height, width), 1, crop, flip, change, size, new CropScratch(), sample);
        return sample;
    }
}
