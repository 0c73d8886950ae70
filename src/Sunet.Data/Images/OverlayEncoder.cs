using CommunityToolkit.HighPerformance;
using SkiaSharp;
using Sunet.Native.Tensors;

namespace Sunet.Data.Images;

/// <summary>Writes images tinted with their classes as JPEG files, in memory that is used again; each thread has its own.</summary>
internal sealed class OverlayEncoder : IDisposable
{
    /// <summary>
    /// The quality of an overlay, which is to be looked at: at 95 with colour in full it takes twice the time and the bytes.
    /// </summary>
    public const int Quality = 90;

    private const SKJpegEncoderDownsample Colour = SKJpegEncoderDownsample.Downsample420;

    private SKBitmap? bitmap;
    private byte[] borders = [];

    /// <summary>Writes or replaces a JPEG file; a reader never sees half of it.</summary>
    /// <param name="path">The file; its folder exists.</param>
    /// <param name="image">[H, W].</param>
    /// <param name="labels">[H, W] class indices; 255 is not drawn.</param>
    /// <param name="colours">Of the classes.</param>
    /// <exception cref="ArgumentException">The sizes differ, or the image is empty.</exception>
    /// <exception cref="DataException">The file cannot be written.</exception>
    public void Write(string path, ReadOnlySpan2D<Rgb> image, ReadOnlySpan2D<byte> labels, ClassColours colours) =>
        ImageWriter.WriteJpeg(path, Draw(image, labels, colours), Quality, Colour);

    /// <summary>Frees the pixels.</summary>
    public void Dispose() => bitmap?.Dispose();

    private SKBitmap Draw(ReadOnlySpan2D<Rgb> image, ReadOnlySpan2D<byte> labels, ClassColours colours)
    {
        if (image.IsEmpty)
            throw new ArgumentException("An image has at least one pixel.", nameof(image));
        if (bitmap is null || bitmap.Width != image.Width || bitmap.Height != image.Height)
        {
            bitmap?.Dispose();
            bitmap = null;
            bitmap = Bitmaps.Create(image.Height, image.Width);
        }

        Overlay.Tint(image, labels, colours, GrowOnly.Reserve(ref borders, image.Width), Bitmaps.Pixels(bitmap));
        return bitmap;
    }
}
