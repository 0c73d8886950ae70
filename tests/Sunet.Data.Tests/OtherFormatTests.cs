using System.Buffers.Binary;
using CommunityToolkit.HighPerformance;
using SkiaSharp;
using Sunet.Data.Conversion;
using Sunet.Data.Datasets;
using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Tests;

public sealed class OtherFormatTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>A lossless WebP.</summary>
    internal static byte[] Webp(Rgb[,] image)
    {
        using SKBitmap bitmap = Bitmaps.FromImage(image);
        using SKPixmap pixels = bitmap.PeekPixels();
        using SKData? data = pixels.Encode(new SKWebpEncoderOptions(SKWebpEncoderCompression.Lossless, 50));
        return data!.ToArray();
    }

    [Fact]
    public void Load_Webp_ReturnsStoredBytes()
    {
        Rgb[,] image = ImageFileTests.Gradient(19, 37);
        Assert.Equal(image, ImageFile.Load(folder.Write(Webp(image), "image.webp")).ToArray());
    }

    [Fact]
    public void Load_Bmp_ReturnsStoredBytes()
    {
        Rgb[,] image = ImageFileTests.Gradient(19, 37);
        Assert.Equal(image, ImageFile.Load(folder.Write(Bmp(image), "image.bmp")).ToArray());
    }

    [Fact]
    public void Load_Gif_ReturnsTheFirstPicture() =>
        Assert.Equal(
            new Rgb[,] { { new(255, 0, 0), new(0, 0, 255) }, { new(0, 0, 255), new(255, 0, 0) } },
            ImageFile.Load(folder.Write(Gif, "image.gif")).ToArray());

    [Fact]
    public void Load_OtherFormatCutShort_IsRefusedNamingTheFile()
    {
        Rgb[,] image = ImageFileTests.Gradient(19, 37);
        foreach (byte[] file in new[] { Webp(image), Bmp(image), Gif })
        {
            string path = folder.Write(file[..(file.Length * 7 / 10)], "cut");
            Assert.Equal(path, Assert.Throws<DataException>(() => ImageFile.Load(path)).Path);
        }
    }

    [Theory]
    [InlineData("II*\0")]
    [InlineData("MM\0*")]
    public void Load_Tiff_IsCalledWhatItIs(string start)
    {
        string path = folder.WriteText(start + "and so on", "image.tif");
        var failure = Assert.Throws<DataException>(() => ImageFile.Load(path));
        Assert.Equal($"'{path}' is a TIFF file, which is not read; convert it to PNG.", failure.Message);
    }

    [Theory]
    [InlineData("a.jpg", true, false)]
    [InlineData("a.JPEG", true, false)]
    [InlineData("a.jpe", true, false)]
    [InlineData("a.JFIF", true, false)]
    [InlineData("a.png", true, false)]
    [InlineData("a.bmp", true, false)]
    [InlineData("a.webp", true, false)]
    [InlineData("a.gif", true, false)]
    [InlineData("a.tif", false, true)]
    [InlineData("a.TIFF", false, true)]
    [InlineData("a.heic", false, true)]
    [InlineData("a.txt", false, false)]
    [InlineData("Thumbs.db", false, false)]
    [InlineData("jpg", false, false)]
    public void IsImage_ByName_IsWhatIsRead(string name, bool isImage, bool isUnread)
    {
        Assert.Equal(isImage, ImageFormats.IsImage(name));
        Assert.Equal(isUnread, ImageFormats.IsUnreadImage(name));
        Assert.Equal(isImage, ImageFormats.Extensions.Contains(Path.GetExtension(name).ToLowerInvariant()));
    }

    [Fact]
    public void Run_YamlSetOfSeveralFormats_ReadsAndConvertsAllOfThem()
    {
        Rgb[,] image = ImageFileTests.Gradient(19, 37);
        ImageWriter.WriteJpeg(folder.At("images", "train", "a.jfif"), image);
        ImageWriter.WriteJpeg(folder.At("images", "train", "b.jpe"), image);
        folder.Write(Bmp(image), "images", "train", "c.bmp");
        folder.Write(Webp(image), "images", "train", "d.webp");
        ImageWriter.WritePng(folder.At("images", "val", "e.png"), image);
        foreach (string name in new[] { "train/a", "train/b", "train/c", "train/d", "val/e" })
            IndexPngWriter.Write(folder.At([.. ("masks/" + name + ".png").Split('/')]), new byte[19, 37]);
        string data = folder.WriteText("path: .\ntrain: images/train\nval: images/val\nnames: [ground, thing]\n", "data.yaml");
        Assert.Empty(DatasetCheck.Run(data).Findings);
        SegmentationDataset train = DatasetReader.Open(data, "train");
        Assert.Equal(["a", "b", "c", "d"], train.Items.Select(item => item.Name));

        DatasetConverter.Open(data, folder.At("out"), new ConversionOptions()).Run();
        SegmentationDataset converted = DatasetReader.Open(folder.At("out"), "train");
        Assert.Equal([".jpg", ".jpg", ".png", ".png"], converted.Items.Select(item => Path.GetExtension(item.ImagePath)));
        for (int i = 0; i < 4; i++)
            Assert.Equal(train.Load(train.Items[i]).Image.ToArray(), converted.Load(converted.Items[i]).Image.ToArray());
        Assert.Empty(DatasetCheck.Run(folder.At("out")).Findings);
    }

    /// <summary>2 x 2 pixels, red and blue.</summary>
    private static byte[] Gif =>
    [
        .. "GIF89a"u8, 2, 0, 2, 0, 0x80, 0, 0, 255, 0, 0, 0, 0, 255, 0x2C, 0, 0, 0, 0, 2, 0, 2, 0, 0, 2, 3, 0x44, 0x02, 0x05, 0, 0x3B,
    ];

    private static byte[] Bmp(Rgb[,] image)
    {
        const int Head = 54;
        int height = image.GetLength(0), width = image.GetLength(1), stride = ((3 * width) + 3) / 4 * 4;
        var file = new byte[Head + (stride * height)];
        "BM"u8.CopyTo(file);
        foreach ((int at, int number) in new[] { (2, file.Length), (10, Head), (14, 40), (18, width), (22, height), (26, 0x180001) })
            BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(at), number);
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                int at = Head + ((height - 1 - y) * stride) + (3 * x);
                (file[at], file[at + 1], file[at + 2]) = (image[y, x].B, image[y, x].G, image[y, x].R);
            }
        }

        return file;
    }
}
