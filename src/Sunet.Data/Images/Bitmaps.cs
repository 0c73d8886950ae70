using System.Runtime.InteropServices;
using CommunityToolkit.HighPerformance;
using SkiaSharp;
using Sunet.Native.Tensors;

namespace Sunet.Data.Images;

/// <summary>Bitmaps to draw on and to encode.</summary>
internal static class Bitmaps
{
    /// <summary>An empty opaque bitmap without a colour space, so that no colour is ever converted.</summary>
    public static SKBitmap Create(int height, int width) => new(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));

    /// <summary>A copy of an image.</summary>
    /// <exception cref="ArgumentException">The image is empty.</exception>
    public static SKBitmap FromImage(ReadOnlySpan2D<Rgb> image)
    {
        if (image.IsEmpty)
            throw new ArgumentException("An image has at least one pixel.", nameof(image));
        SKBitmap bitmap = Create(image.Height, image.Width);
        Span<uint> target = MemoryMarshal.Cast<byte, uint>(bitmap.GetPixelSpan());
        int stride = bitmap.RowBytes / sizeof(uint);
        for (int y = 0; y < image.Height; y++)
        {
            ReadOnlySpan<Rgb> row = image.GetRowSpan(y);
            Span<uint> targetRow = target.Slice(y * stride, row.Length);
            for (int x = 0; x < row.Length; x++)
                targetRow[x] = 0xFF000000u | ((uint)row[x].B << 16) | ((uint)row[x].G << 8) | row[x].R;
        }

        return bitmap;
    }
}
