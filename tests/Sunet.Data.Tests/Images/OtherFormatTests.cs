using CommunityToolkit.HighPerformance;
using Sunet.Data.Conversion;
using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Checking;
using Sunet.Data.Datasets.Reading;
using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Tests.Images;

public sealed class OtherFormatTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Load_Webp_ReturnsStoredBytes()
    {
        Rgb[,] image = ImageFileTests.Gradient(19, 37);
        Assert.Equal(image, ImageFile.Load(folder.Write(TestImages.Webp(image), "image.webp")).ToArray());
    }

    [Fact]
    public void Load_Bmp_ReturnsStoredBytes()
    {
        Rgb[,] image = ImageFileTests.Gradient(19, 37);
        Assert.Equal(image, ImageFile.Load(folder.Write(TestImages.Bmp(image), "image.bmp")).ToArray());
    }

    [Fact]
    public void Load_Gif_ReturnsTheFirstPicture() =>
        Assert.Equal(
            new Rgb[,] { { new(255, 0, 0), new(0, 0, 255) }, { new(0, 0, 255), new(255, 0, 0) } },
            ImageFile.Load(folder.Write(TestImages.Gif, "image.gif")).ToArray());

    [Fact]
    public void Load_OtherFormatCutShort_IsRefusedNamingTheFile()
    {
        Rgb[,] image = ImageFileTests.Gradient(19, 37);
        foreach (byte[] file in new[] { TestImages.Webp(image), TestImages.Bmp(image), TestImages.Gif })
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
        Assert.Equal(isImage, ImageFormats.ReadExtensions.Contains(Path.GetExtension(name).ToLowerInvariant()));
    }

    [Fact]
    public void Run_YamlSetOfSeveralFormats_ReadsAndConvertsAllOfThem()
    {
        Rgb[,] image = ImageFileTests.Gradient(19, 37);
        ImageWriter.WriteJpeg(folder.At("images", "train", "a.jfif"), image);
        ImageWriter.WriteJpeg(folder.At("images", "train", "b.jpe"), image);
        folder.Write(TestImages.Bmp(image), "images", "train", "c.bmp");
        folder.Write(TestImages.Webp(image), "images", "train", "d.webp");
        ImageWriter.WritePng(folder.At("images", "val", "e.png"), image);
        var labels = new byte[19, 37];
        labels[9, 9] = 1;
        foreach (string name in new[] { "train/a", "train/b", "train/c", "train/d", "val/e" })
            IndexPngWriter.Write(folder.At([.. ("masks/" + name + ".png").Split('/')]), labels);
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
}
