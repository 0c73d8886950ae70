using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Sunet.Data.Augmentation;
using Sunet.Data.Datasets.Reading;
using Sunet.Data.Images;
using Sunet.Data.Loading;
using Sunet.Native.Tensors;
using Sunet.Native.Training;

namespace Sunet.Data.Tests.Loading;

public sealed class ClassificationLoaderTests : IDisposable
{
    private static readonly ClassificationLoaderSettings Settings = new(2, new ClassificationAugmentation(12, 14));
    private static readonly ClassificationLoaderSettings Centre =
        new(1, new ClassificationAugmentation(16, 16) { Enabled = false, ResizeShortSide = 16 }) { Shuffle = false };

    private readonly TestFolder folder = ClassFolders.Create();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(1, 3, 0)]
    [InlineData(4, 1, 0)]
    [InlineData(3, 5, 3)]
    public void Read_AnyWorkersPrefetchAndStart_GivesTheSameBits(int workers, int prefetch, int start)
    {
        string[] expected = Hashes(Settings with { Workers = 1, Prefetch = 1 }, 0, 8);
        Assert.Equal(expected[start..], Hashes(Settings with { Workers = workers, Prefetch = prefetch }, start, 8 - start));
        Assert.Equal(expected.Length, expected.Distinct().Count());
    }

    [Fact]
    public void Read_OneEpoch_HasOneLabelAnImage()
    {
        using BatchLoader loader = Open(Settings with { FillLast = true, Shuffle = false });
        Assert.Equal(3, loader.BatchesPerEpoch);
        Assert.Equal(new Shape(2, 3, 12, 14), loader.ImageShape);
        var seen = new List<(string, int)>();
        for (int i = 0; i < 3; i++)
        {
            TrainingBatch batch = loader.Read(i);
            Assert.Equal(2, batch.Labels.Length);
            seen.AddRange(batch.Names.Zip(batch.Labels));
            loader.Return(batch);
        }

        Assert.Equal([("n01/a", 0), ("n01/b", 0), ("n01/c", 0), ("n02/d", 1), ("n02/e", 1), ("n01/a", 0)], seen);
        using BatchLoader dropping = Open(Settings);
        Assert.Equal(2, dropping.BatchesPerEpoch);
    }

    [Fact]
    public void Read_SameImageInTwoEpochs_IsCroppedAnew()
    {
        using BatchLoader loader = Open(new ClassificationLoaderSettings(5, Settings.Augmentation) { Shuffle = false });
        Assert.NotEqual(loader.Read(0).Images, loader.Read(1).Images);
        using BatchLoader centre = Open(Centre with { BatchSize = 5 });
        Assert.Equal(centre.Read(0).Images, centre.Read(1).Images);
    }

    [Fact]
    public void Read_PngNamedJpeg_IsToldByItsContent()
    {
        Rgb[,] image = ClassFolders.Picture(16, 16, 2);
        ImageWriter.WritePng(folder.At("train", "n01", "a.JPEG"), image);
        float[] pixels = First(Centre);
        Assert.Equal(((image[5, 9].G / 255.0) - 0.456) / 0.224, pixels[256 + (5 * 16) + 9], 1e-5);
    }

    /// <summary>The values of Pillow; decoders differ by a few steps in what they make of CMYK.</summary>
    [Fact]
    public void Read_CmykJpeg_IsTurnedIntoRgb()
    {
        folder.Write(Convert.FromBase64String(ClassFolders.CmykJpeg), "train", "n01", "a.JPEG");
        float[] pixels = First(Centre with { Normalization = new ImageNormalization([0f, 0f, 0f], [1 / 255f, 1 / 255f, 1 / 255f]) });
        int[] expected = [226, 53, 34, 49, 119, 207];
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], pixels[(i % 3 * 256) + (i < 3 ? 51 : 204)], 6f);
    }

    [Fact]
    public void Read_JpegWithOrientation_IsTurned()
    {
        string path = folder.Write(Convert.FromBase64String(ClassFolders.TurnedJpeg), "train", "n01", "a.JPEG");
        Assert.Equal((24, 8), (ImageFile.Load(path).Height, ImageFile.Load(path).Width));
        Assert.Equal(((100 / 255.0) - 0.485) / 0.229, First(Centre)[100], 0.02);
    }

    /// <summary>
    /// Both have lost what is finer than the sample, by different filters: 255 times a few hundredths on smooth pictures.
    /// </summary>
    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(9)]
    public void Read_LargeJpeg_DecodedSmallerLooksTheSame(int times)
    {
        ClassificationLoaderSettings settings =
            Centre with { Normalization = new ImageNormalization([0f, 0f, 0f], [1 / 255f, 1 / 255f, 1 / 255f]) };
        Rgb[,] image = ClassFolders.Picture((16 * times) + 3, (24 * times) + 5, 3);
        ImageWriter.WriteJpeg(folder.At("train", "n01", "a.JPEG"), image);
        float[] reduced = First(settings);
        ImageWriter.WritePng(folder.At("train", "n01", "a.JPEG"), image);
        float[] whole = First(settings);
        Assert.NotEqual(whole, reduced);
        for (int i = 0; i < whole.Length; i++)
            Assert.Equal(whole[i], reduced[i], 6f);
    }

    [Fact]
    public void Read_ImageCorrupt_NamesIt()
    {
        string path = folder.WriteText("no jpeg", "train", "n01", "a.JPEG");
        Assert.Equal(path, Assert.Throws<DataException>(() => First(Centre)).Path);
    }

    [Fact]
    public void Constructor_UnusableSettings_IsConfigurationException()
    {
        var good = new ClassificationAugmentation(12, 14);
        foreach (ClassificationAugmentation bad in new[]
        {
            good with { CropHeight = 0 }, good with { AreaMin = 0 }, good with { AreaMax = 1.1 }, good with { RatioMin = 2 },
            good with { ColorJitter = -0.1 }, good with { ColorJitter = double.NaN },
                good with { Lighting = -1 }, good with { ResizeShortSide = 13 },
        })
        {
            Assert.Throws<ConfigurationException>(() => Open(Settings with { Augmentation = bad }));
        }

        Assert.Throws<ConfigurationException>(() => Open(Settings with { BatchSize = 6 }));
    }

    [Fact]
    public void Defaults_AreThoseOfImageNet()
    {
        var defaults = new ClassificationAugmentation();
        Assert.Equal((224, 224, 256, 0.08, 0.4, 0.1), (defaults.CropHeight, defaults.CropWidth, defaults.ResizeShortSide, defaults.AreaMin,
            defaults.ColorJitter, defaults.Lighting));
    }

    private BatchLoader Open(ClassificationLoaderSettings settings, long start = 0) =>
        new(DatasetReader.OpenClassification(folder.Root, "train"), settings, start);

    private float[] First(ClassificationLoaderSettings settings)
    {
        using BatchLoader loader = Open(settings);
        return loader.Read(0).Images;
    }

    private string[] Hashes(ClassificationLoaderSettings settings, int start, int count)
    {
        using BatchLoader loader = Open(settings, start);
        var hashes = new string[count];
        for (int i = 0; i < count; i++)
        {
            TrainingBatch batch = loader.Read(start + i);
            hashes[i] = Convert.ToHexString(SHA256.HashData(MemoryMarshal.AsBytes<float>(batch.Images))) + string.Join(',', batch.Labels);
            loader.Return(batch);
        }

        return hashes;
    }
}
