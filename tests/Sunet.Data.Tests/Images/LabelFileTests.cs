using Sunet.Data.Images;

namespace Sunet.Data.Tests.Images;

public sealed class LabelFileTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(1, 3)]
    [InlineData(2, 3)]
    [InlineData(4, 3)]
    [InlineData(8, 3)]
    [InlineData(1, 0)]
    [InlineData(2, 0)]
    [InlineData(4, 0)]
    [InlineData(8, 0)]
    public void Load_EveryBitDepthAndKind_ReturnsStoredIndices(int bitDepth, int colourType)
    {
        byte[,] indices = Indices(19, 37, 1 << bitDepth);
        byte[]? palette = colourType == 3 ? new byte[3 << bitDepth] : null;
        string path = folder.Write(TestPng.Indexed(indices, bitDepth, colourType, palette), "labels.png");
        Assert.Equal(indices, LabelFile.Load(path).ToArray());
    }

    [Fact]
    public void Load_DuplicateColoursAndTransparency_ReturnsStoredIndices()
    {
        // Entries 1 and 2 are both red and entry 0 is transparent: colours cannot tell these three apart from others.
        byte[,] indices = { { 0, 1, 2 }, { 2, 1, 0 } };
        byte[] png = TestPng.Indexed(indices, 8, 3, [0, 0, 0, 255, 0, 0, 255, 0, 0], [0, 255, 128]);
        Assert.Equal(indices, LabelFile.Load(folder.Write(png, "labels.png")).ToArray());
    }

    [Fact]
    public void Load_IndexBeyondShortPalette_ReturnsStoredIndex()
    {
        byte[,] indices = { { 0, 255 } };
        Assert.Equal(indices, LabelFile.Load(folder.Write(TestPng.Indexed(indices, 8, 3, new byte[6]), "labels.png")).ToArray());
    }

    [Fact]
    public void ReadSize_LabelMap_IsThatOfItsPixels() =>
        Assert.Equal((3, 5), LabelFile.ReadSize(folder.Write(TestPng.Indexed(new byte[3, 5], 8, 3), "labels.png")));

    [Fact]
    public void ReadSize_NoLabelMap_IsUnknown()
    {
        byte[] huge = TestPng.Indexed(new byte[2, 2], 8, 3);
        huge[16] = 0x7F;
        Assert.Null(LabelFile.ReadSize(folder.Write(huge, "huge.png")));
        Assert.Null(LabelFile.ReadSize(folder.Write([0xFF, 0xD8, .. new byte[60]], "photo.png")));
        Assert.Null(LabelFile.ReadSize(folder.Write(new byte[8], "short.png")));
        Assert.Null(LabelFile.ReadSize(Path.Combine(Path.GetTempPath(), "there-is-no-such-mask.png")));
    }

    [Fact]
    public void Load_WrittenByIndexPngWriter_ReturnsWhatWasWritten()
    {
        byte[,] indices = Indices(33, 21, 256);
        string path = folder.At("labels.png");
        IndexPngWriter.Write(path, indices);
        Assert.Equal(indices, LabelFile.Load(path).ToArray());
        Assert.Equal([path], Directory.GetFiles(folder.Root));
    }

    [Theory]
    [InlineData(8, 2, 3, "colour PNG")]
    [InlineData(8, 4, 2, "grey PNG with an alpha channel")]
    [InlineData(16, 4, 4, "grey PNG with an alpha channel")]
    [InlineData(8, 6, 4, "colour PNG")]
    [InlineData(16, 0, 2, "16 bits")]
    public void Load_NotOneIndexAPixel_IsRefused(int bitDepth, int colourType, int pixelBytes, string reason)
    {
        byte[] png = TestPng.File(2, 2, bitDepth, colourType, new byte[2 * (1 + (2 * pixelBytes))]);
        string path = folder.Write(png, "labels.png");
        var failure = Assert.Throws<DataException>(() => LabelFile.Load(path));
        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
        Assert.Equal(path, failure.Path);
    }

    [Fact]
    public void Load_PaletteMissing_IsRefused()
    {
        string path = folder.Write(TestPng.Indexed(new byte[2, 2], 8, 3), "labels.png");
        Assert.Contains("no palette", Assert.Throws<DataException>(() => LabelFile.Load(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_AboveCap_IsRefusedByHeader()
    {
        byte[] png = TestPng.File(60000, 60000, 8, 0, new byte[4]);
        string path = folder.Write(png, "labels.png");
        Assert.Contains("above the cap", Assert.Throws<DataException>(() => LabelFile.Load(path)).Message, StringComparison.Ordinal);
    }

    private static byte[,] Indices(int height, int width, int limit)
    {
        var indices = new byte[height, width];
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
                indices[y, x] = (byte)(((y * 31) + (x * 7) + (x * y)) % limit);
        }

        return indices;
    }
}
