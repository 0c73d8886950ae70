using System.Runtime.InteropServices;
using Sunet.Data.Augmentation;
using Sunet.Data.Randomness;
using Sunet.Data.Tests.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Tests.Augmentation;

public sealed class WarpTests
{
    private const int Blocks = 4;

    /// <summary>
    /// Rounding to bytes, and weights of 14 bits, with positions of 16: four weights and two positions err by up to 2^-14, times 255.
    /// </summary>
    private const double HalfLevel = 0.5 + (6 * 255.0 / (1 << 14));

    private static readonly ImageNormalization Normalization = ImageNormalization.ImageNet;

    /// <summary>255 times 0.485, 0.456 and 0.406, rounded.</summary>
    private static readonly Rgb MeanColour = new(124, 116, 104);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 9)]
    [InlineData(40, 61)]
    public void Sample_Identity_ReturnsTheImageExactly(int height, int width)
    {
        Rgb[,] image = ImageFileTests.Gradient(height, width);
        byte[,] labels = Labels(height, width);
        var (input, target) = Sample(
            image, labels, AffineWarp.Centre(height, width, new AugmentationSettings(height, width)), height, width);
        for (int i = 0; i < height * width; i++)
        {
            Assert.Equal(image[i / width, i % width], input[i]);
            Assert.Equal(labels[i / width, i % width], target[i]);
        }
    }

    [Fact]
    public void Sample_CropLargerThanImage_PadsWithTheMeanColourAndIgnore()
    {
        Rgb[,] image = ImageFileTests.Gradient(4, 6);
        var (input, target) = Sample(image, Labels(4, 6), AffineWarp.Centre(4, 6, new AugmentationSettings(8, 10)), 8, 10);
        for (int i = 0; i < 80; i++)
        {
            int y = (i / 10) - 2, x = (i % 10) - 2;
            if (y is >= 0 and < 4 && x is >= 0 and < 6)
            {
                Assert.Equal(image[y, x], input[i]);
                Assert.NotEqual(255, target[i]);
            }
            else
            {
                Assert.Equal((MeanColour, 255), (input[i], target[i]));
            }
        }
    }

    [Fact]
    public void Sample_RandomWarps_KeepImageAndLabelsAligned()
    {
        // Every block's colour tells its label, so the two can be compared wherever a pixel's surroundings are one block.
        const int Size = 96, Crop = 80;
        var image = new Rgb[Size, Size];
        var labels = new byte[Size, Size];
        for (int i = 0; i < Size * Size; i++)
        {
            int block = (i / Size * Blocks / Size * Blocks) + (i % Size * Blocks / Size);
            labels[i / Size, i % Size] = (byte)block;
            image[i / Size, i % Size] = new Rgb((byte)(block * 16), 200, 10);
        }

        int compared = 0, mirrored = 0;
        var settings = new AugmentationSettings(Crop, Crop);
        for (ulong sample = 0; sample < 40; sample++)
        {
            AffineWarp warp = AffineWarp.Draw(Size, Size, settings, new Philox(3, PhiloxStream.Augmentation, sample));
            mirrored += warp.XX < 0 ? 1 : 0;
            var (input, target) = Sample(image, labels, warp, Crop, Crop);
            compared += CompareBlocks(input, target, Crop);
        }

        Assert.InRange(compared, 40 * Crop * Crop / 4, int.MaxValue);
        Assert.InRange(mirrored, 10, 30);
    }

    [Fact]
    public void Sample_RandomWarps_MatchBilinearInDoublePrecision()
    {
        Rgb[,] image = ImageFileTests.Gradient(37, 53);
        var settings = new AugmentationSettings(30, 41);
        for (ulong sample = 0; sample < 20; sample++)
        {
            AffineWarp warp = AffineWarp.Draw(37, 53, settings, new Philox(9, PhiloxStream.Augmentation, sample));
            var (input, target) = Sample(image, Labels(37, 53), warp, 30, 41);
            for (int i = 0; i < target.Length; i++)
            {
                int x = i % 41, y = i / 41;
                double sx = ((double)warp.XX * x) + ((double)warp.XY * y) + warp.X0,
                    sy = ((double)warp.YX * x) + ((double)warp.YY * y) + warp.Y0;
                double expected = target[i] == 255 ? MeanColour.G : Green(image, sx, sy);
                Assert.InRange(input[i].G - expected, -HalfLevel, HalfLevel);
            }
        }
    }

    /// <summary>
    /// The middle of a crop is made in groups of four pixels and its edges one by one. What is made of a part of the image, which has edges
    /// elsewhere, is the same wherever the same pixels are blended.
    /// </summary>
    [Fact]
    public void Sample_PartOfTheImage_GivesTheSameBytesInItsMiddle()
    {
        const int Height = 60, Width = 70, Cut = 9;
        var random = new Random(4);
        var image = new Rgb[Height, Width];
        foreach (ref Rgb pixel in MemoryMarshal.CreateSpan(ref image[0, 0], image.Length))
            pixel = new Rgb((byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(256));
        byte[,] labels = Labels(Height, Width);
        var part = new Rgb[Height - (2 * Cut), Width - (2 * Cut)];
        var partLabels = new byte[Height - (2 * Cut), Width - (2 * Cut)];
        for (int i = 0; i < part.Length; i++)
        {
            (int y, int x) = (i / part.GetLength(1), i % part.GetLength(1));
            (part[y, x], partLabels[y, x]) = (image[y + Cut, x + Cut], labels[y + Cut, x + Cut]);
        }

        int compared = 0;
        var settings = new AugmentationSettings(45, 51);
        for (ulong sample = 0; sample < 20; sample++)
        {
            AffineWarp warp = AffineWarp.Draw(Height, Width, settings, new Philox(6, PhiloxStream.Augmentation, sample));
            var (whole, target) = Sample(image, labels, warp, 45, 51);
            var (inner, innerTarget) = Sample(part, partLabels, warp with { X0 = warp.X0 - Cut, Y0 = warp.Y0 - Cut }, 45, 51);
            for (int i = 0; i < whole.Length; i++)
            {
                (int x, int y) = (i % 51, i / 51);
                double sx = (warp.XX * x) + (warp.XY * y) + warp.X0, sy = (warp.YX * x) + (warp.YY * y) + warp.Y0;
                if (sx < Cut + 0.01 || sy < Cut + 0.01 || sx > Width - Cut - 1.01 || sy > Height - Cut - 1.01)
                    continue;
                Assert.Equal((whole[i], target[i]), (inner[i], innerTarget[i]));
                compared++;
            }
        }

        Assert.InRange(compared, 5000, int.MaxValue);
    }

    [Fact]
    public void Draw_ManySamples_StaysInRangesAndFlipsHalf()
    {
        var settings = new AugmentationSettings(20, 30);
        int flips = 0;
        double least = double.MaxValue, most = 0, turned = 0;
        for (ulong sample = 0; sample < 2000; sample++)
        {
            AffineWarp warp = AffineWarp.Draw(100, 120, settings, new Philox(1, PhiloxStream.Augmentation, sample));
            double scale = 1 / Math.Sqrt((warp.XX * warp.XX) + (warp.YX * warp.YX));
            (least, most) = (Math.Min(least, scale), Math.Max(most, scale));
            turned = Math.Max(turned, Math.Abs(Math.Atan2(-warp.XY, warp.YY)) * 180 / Math.PI);
            flips += warp.XX < 0 ? 1 : 0;
        }

        Assert.InRange(least, 0.4999, 0.51);
        Assert.InRange(most, 1.99, 2.0001);
        Assert.InRange(turned, 9.9, 10.001);
        Assert.InRange(flips, 900, 1100);
    }

    [Fact]
    public void Draw_ScaleOnlyAndImageLarger_NeverPads()
    {
        var settings = new AugmentationSettings(24, 32) { RotationDegrees = 0, ScaleMin = 1, ScaleMax = 2, Flip = false };
        for (ulong sample = 0; sample < 200; sample++)
        {
            AffineWarp warp = AffineWarp.Draw(24, 32, settings, new Philox(2, PhiloxStream.Augmentation, sample));
            var (_, target) = Sample(new Rgb[24, 32], new byte[24, 32], warp, 24, 32);
            Assert.DoesNotContain((byte)255, target);
        }
    }

    [Theory]
    [InlineData(0, 5, 1f, 1f, 0f)]
    [InlineData(5, 20000, 1f, 1f, 0f)]
    [InlineData(5, 5, 2f, 1f, 0f)]
    [InlineData(5, 5, 0f, 1f, 0f)]
    [InlineData(5, 5, float.NaN, 1f, 0f)]
    [InlineData(5, 5, 1f, 1f, float.NaN)]
    [InlineData(5, 5, 1f, 1f, -1f)]
    public void Validate_OutOfRange_IsConfigurationException(int height, int width, float low, float high, float degrees)
    {
        var settings = new AugmentationSettings(height, width) { ScaleMin = low, ScaleMax = high, RotationDegrees = degrees };
        Assert.Throws<ConfigurationException>(settings.Validate);
    }

    private static int CompareBlocks(Rgb[] input, byte[] target, int crop)
    {
        int compared = 0;
        for (int y = 0; y < crop; y++)
        {
            for (int x = 0; x < crop; x++)
            {
                int label = target[(y * crop) + x];
                Assert.Equal(label == 255, input[(y * crop) + x].G == MeanColour.G);
                if (label == 255 || y < 2 || x < 2 || y >= crop - 2 || x >= crop - 2 || !Uniform(target, crop, y, x))
                    continue;
                Assert.Equal(label * 16, input[(y * crop) + x].R);
                compared++;
            }
        }

        return compared;
    }

    private static bool Uniform(byte[] target, int crop, int y, int x)
    {
        for (int dy = -2; dy <= 2; dy++)
        {
            for (int dx = -2; dx <= 2; dx++)
            {
                if (target[((y + dy) * crop) + x + dx] != target[(y * crop) + x])
                    return false;
            }
        }

        return true;
    }

    private static double Green(Rgb[,] image, double sx, double sy)
    {
        int height = image.GetLength(0), width = image.GetLength(1), x = (int)Math.Floor(sx), y = (int)Math.Floor(sy);
        double At(int row, int column) => image[Math.Clamp(row, 0, height - 1), Math.Clamp(column, 0, width - 1)].G;
        double upper = At(y, x) + ((At(y, x + 1) - At(y, x)) * (sx - x)),
            lower = At(y + 1, x) + ((At(y + 1, x + 1) - At(y + 1, x)) * (sx - x));
        return upper + ((lower - upper) * (sy - y));
    }

    private static (Rgb[] Input, byte[] Target) Sample(Rgb[,] image, byte[,] labels, AffineWarp warp, int height, int width)
    {
        var input = new Rgb[height * width];
        var target = new byte[height * width];
        new WarpSampler(Normalization).Sample(image, labels, warp, height, width, MemoryMarshal.AsBytes(input.AsSpan()), target);
        return (input, target);
    }

    private static byte[,] Labels(int height, int width)
    {
        var labels = new byte[height, width];
        for (int i = 0; i < labels.Length; i++)
            labels[i / width, i % width] = (byte)(i % 11);
        return labels;
    }
}
