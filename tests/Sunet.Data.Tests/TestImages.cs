using System.Buffers.Binary;
using SkiaSharp;
using Sunet.Native.Tensors;

namespace Sunet.Data.Tests;

/// <summary>Makes images of the formats that the product reads and does not write.</summary>
internal static class TestImages
{
    /// <summary>2 x 2 pixels, red and blue.</summary>
    public static byte[] Gif =>
    [
        .. "GIF89a"u8, 2, 0, 2, 0, 0x80, 0, 0, 255, 0, 0, 0, 0, 255, 0x2C, 0, 0, 0, 0, 2, 0, 2, 0, 0, 2, 3, 0x44, 0x02, 0x05, 0, 0x3B,
    ];

    /// <summary>24 bits a pixel, from the bottom row up.</summary>
    public static byte[] Bmp(Rgb[,] image)
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

    /// <summary>A lossless WebP.</summary>
    public static byte[] Webp(Rgb[,] image)
    {
        int height = image.GetLength(0), width = image.GetLength(1);
        using var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
                bitmap.SetPixel(x, y, new SKColor(image[y, x].R, image[y, x].G, image[y, x].B));
        }

        using SKPixmap pixels = bitmap.PeekPixels();
        using SKData? data = pixels.Encode(new SKWebpEncoderOptions(SKWebpEncoderCompression.Lossless, 50));
        return data!.ToArray();
    }
}
