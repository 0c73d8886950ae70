using System.Buffers.Binary;
using System.IO.Hashing;
using CommunityToolkit.HighPerformance;
using Sunet.Data.Augmentation;
using Sunet.Data.Conversion;
using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Checking;
using Sunet.Data.Datasets.Reading;
using Sunet.Data.Images;
using Sunet.Data.Loading;
using Sunet.Native.Tensors;

namespace Sunet.Data.Tests.Images;

/// <summary>Photographs come as viewers show them, whichever way up they are stored.</summary>
public sealed class OrientationTests : IDisposable
{
    private readonly TestFolder folder = new();

    public static TheoryData<int> Orientations => [1, 2, 3, 4, 5, 6, 7, 8];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Orientations))]
    public void Load_JpegWithOrientation_IsAsViewersShowIt(int orientation)
    {
        byte[] stored = TestJpeg.Read("baseline-444");
        Rgb[,] expected = Shown(ImageFile.Load(folder.Write(stored, "stored.jpg")).ToArray(), orientation);
        byte[] file = TestJpeg.WithOrientation(stored, orientation);
        Assert.Equal(expected, ImageFile.Load(folder.Write(file, "photo.jpg")).ToArray());
        Assert.Equal(expected, ImageFile.Load(folder.Write(file[..^2], "no-end.jpg")).ToArray());
    }

    [Theory]
    [MemberData(nameof(Orientations))]
    public void Load_PngWithOrientation_IsAsViewersShowIt(int orientation)
    {
        Rgb[,] image = ImageFileTests.Gradient(19, 37);
        ImageWriter.WritePng(folder.At("stored.png"), image);
        byte[] stored = File.ReadAllBytes(folder.At("stored.png")), chunk = Chunk(TestJpeg.Tiff(orientation));
        string before = folder.Write([.. stored[..33], .. chunk, .. stored[33..]], "before.png");
        string behind = folder.Write([.. stored[..^12], .. chunk, .. stored[^12..]], "behind.png");
        Assert.Equal(Shown(image, orientation), ImageFile.Load(before).ToArray());
        Assert.Equal(Shown(image, orientation), ImageFile.Load(behind).ToArray());
    }

    [Fact]
    public void Load_OrientationOutOfRange_IsAsStored()
    {
        Rgb[,] image = ImageFileTests.Gradient(19, 37);
        ImageWriter.WritePng(folder.At("stored.png"), image);
        byte[] stored = File.ReadAllBytes(folder.At("stored.png"));
        byte[] beyond = [.. "II*\0"u8, 255, 255, 255, 255];
        foreach (byte[] tiff in new[] { TestJpeg.Tiff(0), TestJpeg.Tiff(9), TestJpeg.Tiff(6)[..15], [], beyond })
            Assert.Equal(image, ImageFile.Load(folder.Write([.. stored[..33], .. Chunk(tiff), .. stored[33..]], "a.png")).ToArray());
    }

    [Fact]
    public void Load_WebpWithOrientation_IsAsViewersShowIt()
    {
        Rgb[,] image = ImageFileTests.Gradient(19, 37);
        byte[] stored = TestImages.Webp(image);
        byte[] tiff = TestJpeg.Tiff(6);
        byte[] header = [.. "VP8X"u8, 10, 0, 0, 0, 8, 0, 0, 0, 36, 0, 0, 18, 0, 0];
        byte[] body = [.. "WEBP"u8, .. header, .. stored[12..], .. "EXIF"u8, (byte)tiff.Length, 0, 0, 0, .. tiff];
        byte[] file = [.. "RIFF"u8, .. BitConverter.GetBytes(body.Length), .. body];
        Assert.Equal(Shown(image, 6), ImageFile.Load(folder.Write(file, "photo.webp")).ToArray());
    }

    [Theory]
    [MemberData(nameof(Orientations))]
    public void Read_ClassifierFromALargePhotograph_IsOfTheUprightImage(int orientation)
    {
        // Large enough to be decoded smaller, and not square, so that a crop of the stored image would be another one.
        Rgb[,] image = ClassFolders.Picture(220, 330, 3);
        ImageWriter.WriteJpeg(folder.At("stored.jpg"), image);
        byte[] stored = File.ReadAllBytes(folder.At("stored.jpg"));
        float[] turned = FirstOf(TestJpeg.WithOrientation(stored, orientation));
        ImageWriter.WritePng(folder.At("upright.png"), Shown(image, orientation));
        float[] upright = FirstOf(File.ReadAllBytes(folder.At("upright.png")));
        for (int i = 0; i < upright.Length; i++)
            Assert.Equal(upright[i], turned[i], 0.12f);
    }

    [Fact]
    public void Load_SampleWithOrientation_FitsLabelsOfTheUprightImage()
    {
        using TestFolder data = TestFolder.WithVoc();
        ImageWriter.WriteJpeg(data.At("stored.jpg"), new Rgb[6, 4]);
        data.Write(TestJpeg.WithOrientation(File.ReadAllBytes(data.At("stored.jpg")), 6), "JPEGImages", "a.jpg");
        SegmentationDataset train = DatasetReader.Open(data.Root, "train");
        Assert.Equal((4, 6), (train.Load(train.Items[0]).Image.Height, train.Load(train.Items[0]).Image.Width));
        DatasetReport report = DatasetCheck.Run(data.Root);
        Assert.Empty(report.Findings);
        Assert.Equal(1, report.TurnedImages);
    }

    [Fact]
    public void Run_LabelsOfTheStoredImage_SaysThatTheOrientationIsWhy()
    {
        using TestFolder data = TestFolder.WithVoc();
        string photo = data.At("JPEGImages", "a.jpg");
        File.WriteAllBytes(photo, TestJpeg.WithOrientation(File.ReadAllBytes(photo), 8));
        DatasetFinding finding = Assert.Single(DatasetCheck.Run(data.Root).Findings);
        Assert.EndsWith("is 4 x 6 once turned by its EXIF orientation 8: the labels are of the image as it is stored.", finding.Problem,
            StringComparison.Ordinal);
        SegmentationDataset train = DatasetReader.Open(data.Root, "train");
        Assert.Equal(finding.Problem, Assert.Throws<DataException>(() => train.Load(train.Items[0])).Message);
    }

    [Fact]
    public void Run_ConvertedPhotographWithOrientation_StaysAsItIsShown()
    {
        using TestFolder data = TestFolder.WithVoc();
        string photo = data.At("JPEGImages", "a.jpg");
        File.WriteAllBytes(photo, TestJpeg.WithOrientation(File.ReadAllBytes(photo), 3));
        DatasetConverter.Open(data.Root, folder.At("out"), new ConversionOptions()).Run();
        SegmentationDataset train = DatasetReader.Open(data.Root, "train"), converted = DatasetReader.Open(folder.At("out"), "train");
        Assert.Equal(train.Load(train.Items[0]).Image.ToArray(), converted.Load(converted.Items[0]).Image.ToArray());
    }

    private float[] FirstOf(byte[] file)
    {
        using TestFolder data = ClassFolders.Create();
        data.Write(file, "train", "n01", "a.JPEG");
        var settings = new ClassificationLoaderSettings(1, new ClassificationAugmentation(16, 16) { Enabled = false, ResizeShortSide = 20 })
        {
            Shuffle = false,
            Workers = 1,
        };
        using var loader = new BatchLoader(DatasetReader.OpenClassification(data.Root, "train"), settings);
        return loader.Read(0).Images;
    }

    /// <summary>By the words of the EXIF standard: where the stored image's row 0 and column 0 are as it is shown.</summary>
    private static Rgb[,] Shown(Rgb[,] stored, int orientation)
    {
        int rows = stored.GetLength(0), columns = stored.GetLength(1);
        bool isTurned = orientation > 4;
        var shown = isTurned ? new Rgb[columns, rows] : new Rgb[rows, columns];
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                // Row 0 is at the top, top, bottom, bottom, left, right, right and left; column 0 left, right, right, left, top, top,
                // bottom and bottom.
                bool isRowReversed = orientation is 3 or 4 or 6 or 7, isColumnReversed = orientation is 2 or 3 or 7 or 8;
                int r = isRowReversed ? rows - 1 - row : row, c = isColumnReversed ? columns - 1 - column : column;
                if (isTurned)
                    shown[c, r] = stored[row, column];
                else
                    shown[r, c] = stored[row, column];
            }
        }

        return shown;
    }

    private static byte[] Chunk(byte[] exif)
    {
        byte[] body = [.. "eXIf"u8, .. exif];
        var chunk = new byte[body.Length + 8];
        BinaryPrimitives.WriteInt32BigEndian(chunk, exif.Length);
        body.CopyTo(chunk, 4);
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(^4), Crc32.HashToUInt32(body));
        return chunk;
    }
}
