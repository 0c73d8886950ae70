using CommunityToolkit.HighPerformance;
using SkiaSharp;
using Sunet.Native.Inference;
using Sunet.Native.Inference.Streams;
using Sunet.Native.Tensors;

namespace Sunet.Data.Images;

/// <summary>Segments bitmaps of SkiaSharp where they lie.</summary>
/// <remarks>
/// <para>
/// A bitmap's colour type is <see cref="SKColorType.Rgba8888"/>, <see cref="SKColorType.Bgra8888"/>, <see cref="SKColorType.Rgb888x"/> or
/// <see cref="SKColorType.Gray8"/>. Other ones are refused; <c>bitmap.Copy(SKColorType.Rgba8888)</c> converts them. Rows may lie apart, as
/// those of a subset of another bitmap do. The pixels are converted to RGB once, into the memory from which the device takes them.
/// </para>
/// <para>
/// Colours are taken as they are stored: a colour space is not applied, and alpha is ignored. Where alpha is premultiplied
/// (<see cref="SKAlphaType.Premul"/>, the default of <see cref="SKBitmap.Decode(string)"/>), a translucent pixel is therefore seen as in
/// front of black. Decode with <see cref="SKAlphaType.Unpremul"/> to have its own colour seen, as <see cref="ImageFile"/> does.
/// </para>
/// </remarks>
public static class SkiaImages
{
    /// <summary>Labels every pixel of a bitmap with its likeliest class.</summary>
    /// <param name="predictor">Predicts the image.</param>
    /// <param name="bitmap">[H, W]; stays as it is until the call returns.</param>
    /// <param name="labels">Receives class indices, [H, W] of the image.</param>
    /// <param name="progress">Told after every run of the network; must neither call the predictor nor dispose it.</param>
    /// <param name="cancellation">Stops before the next run of the network.</param>
    /// <exception cref="ArgumentException">The sizes differ, or the bitmap has no pixels or another colour type.</exception>
    /// <exception cref="MemoryException">The image does not fit into memory.</exception>
    /// <exception cref="InvalidOperationException">A callback of a call that is still running on this thread made the call.</exception>
    /// <exception cref="ObjectDisposedException">The predictor or the bitmap is disposed.</exception>
    /// <exception cref="OperationCanceledException">The caller wanted no more; <paramref name="labels"/> are undefined.</exception>
    public static void Segment(this Predictor predictor, SKBitmap bitmap, Span2D<byte> labels,
        IProgress<PredictionProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(predictor);
        ImageLayout layout = LayoutOf(bitmap);
        predictor.Segment(BitmapMemory.SpanOf(bitmap, (int)layout.Bytes), layout, labels, progress, cancellation);
        GC.KeepAlive(bitmap);
    }

    /// <summary>Makes a bitmap an image of <see cref="Predictor.SegmentMany"/>.</summary>
    /// <param name="bitmap">[H, W]; must stay as it is, and not be disposed, until the image's result has come.</param>
    /// <param name="labels">Receives class indices, [H, W] of the image.</param>
    /// <returns>The request, which reads the bitmap's own memory.</returns>
    /// <exception cref="ArgumentException">The bitmap has no pixels or another colour type.</exception>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public static ImageRequest ToImageRequest(this SKBitmap bitmap, Memory2D<byte> labels)
    {
        ImageLayout layout = LayoutOf(bitmap);
        return new ImageRequest(new BitmapMemory(bitmap, (int)layout.Bytes).Memory, layout, labels);
    }

    private static ImageLayout LayoutOf(SKBitmap bitmap)
    {
        ArgumentNullException.ThrowIfNull(bitmap);
        ObjectDisposedException.ThrowIf(bitmap.Handle == 0, bitmap);
        if (bitmap.IsEmpty || bitmap.GetPixels() == 0)
            throw new ArgumentException("The bitmap has no pixels.", nameof(bitmap));
        PixelFormat format = bitmap.ColorType switch
        {
            SKColorType.Rgba8888 or SKColorType.Rgb888x => PixelFormat.Rgba,
            SKColorType.Bgra8888 => PixelFormat.Bgra,
            SKColorType.Gray8 => PixelFormat.Gray,
            _ => throw new ArgumentException(
                $"The bitmap's colour type is {bitmap.ColorType}; Rgba8888, Bgra8888, Rgb888x and Gray8 can be segmented. "
                + "Convert it with bitmap.Copy(SKColorType.Rgba8888).", nameof(bitmap)),
        };
        var layout = new ImageLayout(bitmap.Height, bitmap.Width, format, bitmap.RowBytes);
        return layout.Bytes <= int.MaxValue
            ? layout
            : throw new ArgumentException(
                $"The bitmap has {layout.Bytes} bytes; at most {int.MaxValue} can be segmented. Take subsets of it.", nameof(bitmap));
    }
}
