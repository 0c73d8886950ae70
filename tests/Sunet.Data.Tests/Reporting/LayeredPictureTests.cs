using CommunityToolkit.HighPerformance;
using SkiaSharp;
using Sunet.Data.Images;
using Sunet.Data.Reporting;
using Sunet.Native.Tensors;

namespace Sunet.Data.Tests.Reporting;

/// <summary>Pictures of a page: a photograph and drawings to lay over it, of one size and within a bound.</summary>
public sealed class LayeredPictureTests
{
    private static readonly ClassColours Colours = ClassColours.ForNames(["background", "road", "car"]);

    [Fact]
    public void Draw_SmallImage_KeepsItsPixels()
    {
        byte[,] truth = new byte[20, 30], prediction = new byte[20, 30], marks = new byte[20, 30];
        truth.AsSpan2D().Slice(5, 5, 10, 10).Fill(1);
        prediction.AsSpan2D().Fill(2);
        marks[3, 4] = 1;
        LayeredPicture picture = LayeredPicture.Draw(new Rgb[20, 30], truth, prediction, marks, Colours);
        Assert.Equal((20, 30), (picture.Height, picture.Width));
        using SKBitmap shown = Decode(picture.Truth), predicted = Decode(picture.Prediction), marked = Decode(picture.Marks);
        Assert.Equal(0, shown.GetPixel(0, 0).Alpha);
        Assert.Equal(new SKColor(Colours[1].R, Colours[1].G, Colours[1].B, 255), shown.GetPixel(5, 5));
        Assert.Equal(new SKColor(Colours[1].R, Colours[1].G, Colours[1].B, 128), shown.GetPixel(9, 9));
        Assert.Equal(new SKColor(Colours[2].R, Colours[2].G, Colours[2].B, 128), predicted.GetPixel(9, 9));
        Assert.Equal(new SKColor(255, 0, 160, 150), marked.GetPixel(4, 3));
        Assert.Equal(new SKColor(0, 0, 0, 160), marked.GetPixel(5, 3));
    }

    [Fact]
    public void Draw_LargeNoise_StaysWithinTheBound()
    {
        var random = new Random(1);
        var image = new Rgb[900, 1400];
        byte[,] truth = new byte[900, 1400], prediction = new byte[900, 1400], marks = new byte[900, 1400];
        for (int y = 0; y < 900; y++)
        {
            for (int x = 0; x < 1400; x++)
            {
                image[y, x] = new Rgb((byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(256));
                (truth[y, x], prediction[y, x]) = ((byte)random.Next(3), (byte)random.Next(3));
                marks[y, x] = truth[y, x] == prediction[y, x] ? (byte)0 : (byte)1;
            }
        }

        LayeredPicture picture = LayeredPicture.Draw(image, truth, prediction, marks, Colours);
        Assert.InRange(picture.Bytes, 1, LayeredPicture.MostBytes);
        Assert.Equal(1400.0 / 900, (double)picture.Width / picture.Height, 1);
        Assert.All([picture.Photograph, picture.Truth, picture.Prediction, picture.Marks], layer =>
        {
            using SKBitmap bitmap = Decode(layer);
            Assert.Equal((picture.Height, picture.Width), (bitmap.Height, bitmap.Width));
            Assert.StartsWith($"data:{layer.MediaType};base64,", layer.ToDataUri(), StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Draw_LayerOfAnotherSize_IsRefused() => Assert.Throws<ArgumentException>(
        () => LayeredPicture.Draw(new Rgb[4, 4], new byte[4, 4], new byte[4, 5], new byte[4, 4], Colours));

    private static SKBitmap Decode(EncodedPicture picture)
    {
        using var codec = SKCodec.Create(new MemoryStream(picture.Bytes));
        return SKBitmap.Decode(codec, codec.Info.WithAlphaType(SKAlphaType.Unpremul).WithColorType(SKColorType.Rgba8888));
    }
}
