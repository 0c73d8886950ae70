using CommunityToolkit.HighPerformance;
using Sunet.Native.Tensors;

namespace Sunet.Native.Tests.Inference;

/// <summary>
/// Images as other libraries keep them: in every format, with bytes of chance in alpha, between rows and behind the last.
/// </summary>
internal static class LaidOut
{
    /// <summary>An image of a format's colours: grey ones where it has no others.</summary>
    public static Rgb[,] Image(int height, int width, PixelFormat format, int seed = 0)
    {
        Rgb[,] image = CountTests.Image(height, width, seed);
        foreach (ref Rgb pixel in image.AsSpan2D())
            pixel = format == PixelFormat.Gray ? new Rgb(pixel.R, pixel.R, pixel.R) : pixel;
        return image;
    }

    /// <summary>The image in a layout.</summary>
    /// <param name="image">[H, W].</param>
    /// <param name="format">The bytes of a pixel.</param>
    /// <param name="padding">Bytes between rows.</param>
    /// <param name="layout">How it lies in the bytes that are returned.</param>
    public static byte[] Bytes(Rgb[,] image, PixelFormat format, int padding, out ImageLayout layout)
    {
        int size = format switch { PixelFormat.Gray => 1, PixelFormat.Rgb or PixelFormat.Bgr => 3, _ => 4 };
        (int height, int width) = (image.GetLength(0), image.GetLength(1));
        int stride = (width * size) + padding;
        layout = padding == 0 ? new ImageLayout(height, width, format) : new ImageLayout(height, width, format, stride);
        var bytes = new byte[(height * stride) + (padding == 0 ? 0 : 5)];
        new Random(padding).NextBytes(bytes);
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
                Write(image[y, x], format, bytes.AsSpan((y * stride) + (x * size)));
        }

        return bytes;
    }

    private static void Write(Rgb colour, PixelFormat format, Span<byte> pixel)
    {
        if (format == PixelFormat.Gray)
            pixel[0] = colour.R;
        else if (format is PixelFormat.Bgr or PixelFormat.Bgra)
            (pixel[0], pixel[1], pixel[2]) = (colour.B, colour.G, colour.R);
        else
            (pixel[0], pixel[1], pixel[2]) = (colour.R, colour.G, colour.B);
    }
}
