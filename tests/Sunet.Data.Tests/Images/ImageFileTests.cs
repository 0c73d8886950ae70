using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Tests.Images;

public sealed class ImageFileTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    internal static Rgb[,] Gradient(int height, int width)
    {
        var image = new Rgb[height, width];
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
                image[y, x] = new Rgb((byte)(x * 5), (byte)(y * 7), (byte)((x * y) + 3));
        }

        return image;
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 5)]
    [InlineData(31, 47)]
    public void Load_Png_ReturnsStoredBytes(int height, int width)
    {
        Rgb[,] image = Gradient(height, width);
        string path = folder.At("image.png");
        ImageWriter.WritePng(path, image);
        Assert.Equal(image, ImageFile.Load(path).ToArray());
    }

    [Fact]
    public void Load_PngWithAlpha_DropsAlphaWithoutPremultiplying()
    {
        byte[] png = TestPng.File(1, 2, 8, 6, [0, 200, 100, 50, 10, 1, 2, 3, 0]);
        Assert.Equal(new Rgb[,] { { new(200, 100, 50), new(1, 2, 3) } }, ImageFile.Load(folder.Write(png, "image.png")).ToArray());
    }

    [Fact]
    public void Load_GreyPng_ReturnsEqualChannels()
    {
        byte[] png = TestPng.Indexed(new byte[,] { { 0, 77, 255 } }, 8, 0);
        Assert.Equal(new Rgb[,] { { new(0, 0, 0), new(77, 77, 77), new(255, 255, 255) } },
            ImageFile.Load(folder.Write(png, "image.png")).ToArray());
    }

    [Fact]
    public void Load_Jpeg_IsCloseToWhatWasWritten()
    {
        var image = new Rgb[16, 24];
        for (int y = 0; y < 16; y++)
        {
            for (int x = 0; x < 24; x++)
                image[y, x] = x < 8 ? new Rgb(220, 30, 40) : new Rgb(20, 90, 200);
        }

        string path = folder.At("image.jpg");
        ImageWriter.WriteJpeg(path, image);
        Rgb[,] loaded = ImageFile.Load(path).ToArray();
        Assert.InRange(loaded[3, 3].R, 212, 228);
        Assert.InRange(loaded[12, 20].B, 192, 208);
    }

    [Fact]
    public void Load_JpegCutAnywhere_IsRefusedNamingTheFile()
    {
        string whole = folder.At("image.jpg");
        ImageWriter.WriteJpeg(whole, Gradient(24, 32), 60);
        byte[] bytes = File.ReadAllBytes(whole);
        for (int length = 0; length < bytes.Length - 2; length++)
        {
            string path = folder.Write(bytes[..length], "cut.jpg");
            var failure = Assert.Throws<DataException>(() => ImageFile.Load(path));
            Assert.Contains("cut.jpg", failure.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Load_AboveCap_IsRefused()
    {
        string path = folder.At("image.png");
        ImageWriter.WritePng(path, new Rgb[10, 10]);
        Assert.Contains("cap of 99", Assert.Throws<DataException>(() => ImageFile.Load(path, 99)).Message, StringComparison.Ordinal);
        Assert.Equal(100, ImageFile.Load(path, 100).Length);
    }

    [Fact]
    public void Load_MissingFileFolderOrOtherFormat_IsDataException()
    {
        Assert.Throws<DataException>(() => ImageFile.Load(folder.At("missing.jpg")));
        Assert.Throws<DataException>(() => ImageFile.Load(folder.Root));
        string path = folder.WriteText("GIMP and so on", "image.jpg");
        Assert.Contains("is no JPEG, PNG, BMP, WebP or GIF file",
            Assert.Throws<DataException>(() => ImageFile.Load(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_FolderMissing_IsDataExceptionAndLeavesNothing()
    {
        Assert.Throws<DataException>(() => ImageWriter.WritePng(Path.Combine(folder.Root, "none", "image.png"), new Rgb[2, 2]));
        Assert.Empty(Directory.GetFileSystemEntries(folder.Root));
    }

    [Fact]
    public void Colours_KnownEntries_AreThoseOfVoc()
    {
        Assert.Equal(new Rgb(0, 0, 0), VocPalette.Colours[0]);
        Assert.Equal(new Rgb(128, 0, 0), VocPalette.Colours[1]);
        Assert.Equal(new Rgb(192, 128, 128), VocPalette.Colours[15]);
        Assert.Equal(new Rgb(0, 64, 128), VocPalette.Colours[20]);
        Assert.Equal(new Rgb(224, 224, 192), VocPalette.Colours[255]);
    }

    [Fact]
    public void Blend_ClassAndIgnore_MixesOrKeeps()
    {
        Rgb[,] blend = Overlay.Blend(new Rgb[,] { { new(100, 50, 0), new(9, 8, 7) } }, new byte[,] { { 1, 255 } }).ToArray();
        Assert.Equal(new Rgb[,] { { new(114, 25, 0), new(9, 8, 7) } }, blend);
    }
}
