using CommunityToolkit.HighPerformance;
using SkiaSharp;
using Sunet.Native.Tensors;

namespace Sunet.Data.Images;

/// <summary>Bitmaps to draw on and to encode.</summary>
internal static class Bitmaps
{
    /// <summary>An empty opaque bitmap without a colour space, so that no colour is ever converted.</summary>
    public static SKBitmap Create(int height, int width) => new(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));

    /// <summary>The pixels of a bitmap of <see cref="Create"/>, valid as long as it is.</summary>
    public static unsafe Span2D<uint> Pixels(SKBitmap bitmap) => new(
        (void*)bitmap.GetPixels(), bitmap.Height, bitmap.Width, (bitmap.RowBytes / sizeof(uint)) - bitmap.Width);

    /// <summary>A copy of an image.</summary>
    /// <exception cref="ArgumentException">The image is empty.</exception>
    public static SKBitmap FromImage(ReadOnlySpan2D<Rgb> image)
    {
        if (image.IsEmpty)
            throw new ArgumentException("An image has at least one pixel.", nameof(image));
        SKBitmap bitmap = Create(image.Height, image.Width);
        Span2D<uint> target = Pixels(bitmap);
        for (int y = 0; y < image.Height; y++)
            PixelRows.AddAlpha(image.GetRowSpan(y), target.GetRowSpan(y));
        return bitmap;
    }
}
