using System.Runtime.InteropServices;
using CommunityToolkit.HighPerformance;
using SkiaSharp;
using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Reporting;

/// <summary>A picture in one of the formats that every browser shows, ready to be put into a page.</summary>
/// <param name="MediaType">The format, such as <c>image/webp</c>.</param>
/// <param name="Bytes">What a file of the format would hold.</param>
internal sealed record EncodedPicture(string MediaType, byte[] Bytes)
{
    // Drawings are flat: more effort takes longer and saves little.
    private const float LosslessEffort = 20;

    private const string Jpeg = "image/jpeg", Png = "image/png", WebP = "image/webp";

    /// <summary>Writes the picture as the address of an image that needs no file.</summary>
    public string ToDataUri() => $"data:{MediaType};base64,{Convert.ToBase64String(Bytes)}";

    /// <summary>Encodes a photograph with some loss, as JPEG or WebP, whichever is smaller.</summary>
    /// <param name="image">[H, W].</param>
    /// <param name="quality">1 to 100.</param>
    /// <exception cref="DataException">The image is too large for both formats.</exception>
    public static EncodedPicture Photograph(ReadOnlySpan2D<Rgb> image, int quality)
    {
        using SKBitmap bitmap = Bitmaps.FromImage(image);
        using SKPixmap pixels = bitmap.PeekPixels();
        using SKData? jpeg = pixels.Encode(new SKJpegEncoderOptions(quality));
        using SKData? webp = pixels.Encode(new SKWebpEncoderOptions(SKWebpEncoderCompression.Lossy, quality));
        return Smaller((Jpeg, jpeg), (WebP, webp));
    }

    /// <summary>Encodes a drawing with transparent parts without loss, as PNG or WebP, whichever is smaller.</summary>
    /// <param name="drawing">[H, W] pixels: red in the lowest byte, then green, blue and opacity.</param>
    /// <exception cref="DataException">The drawing is too large for both formats.</exception>
    public static EncodedPicture Drawing(ReadOnlySpan2D<uint> drawing)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(drawing.Width, drawing.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul));
        Span<uint> target = MemoryMarshal.Cast<byte, uint>(bitmap.GetPixelSpan());
        int stride = bitmap.RowBytes / sizeof(uint);
        for (int y = 0; y < drawing.Height; y++)
            drawing.GetRowSpan(y).CopyTo(target[(y * stride)..]);
        using SKPixmap pixels = bitmap.PeekPixels();
        using SKData? png = pixels.Encode(SKPngEncoderOptions.Default);
        using SKData? webp = pixels.Encode(new SKWebpEncoderOptions(SKWebpEncoderCompression.Lossless, LosslessEffort));
        return Smaller((Png, png), (WebP, webp));
    }

    private static EncodedPicture Smaller((string MediaType, SKData? Data) first, (string MediaType, SKData? Data) second)
    {
        (string mediaType, SKData? data) = first.Data is null || second.Data?.Size < first.Data.Size ? second : first;
        return data is null
            ? throw new DataException("A picture cannot be encoded: it is too large for its format.")
            : new EncodedPicture(mediaType, data.ToArray());
    }
}
