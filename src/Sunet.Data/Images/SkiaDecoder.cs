using SkiaSharp;

namespace Sunet.Data.Images;

/// <summary>Decodes images to RGBA exactly as they are stored: no colour management, no premultiplication, no rotation.</summary>
internal static class SkiaDecoder
{
    /// <summary>What an image and its labels take, a pixel: four bytes as they are decoded, three as an image, one as labels.</summary>
    private const int BytesPerPixel = 4 + 3 + 1;

    /// <summary>Decodes one image.</summary>
    /// <param name="encoded">The whole file.</param>
    /// <param name="path">The file's name, for messages.</param>
    /// <param name="pixelCap">Larger images are refused by their header, before any pixel is allocated.</param>
    /// <param name="scratch">Owns the returned pixels until its next use.</param>
    /// <param name="decoderBytes">What the decoder needs for itself; null where that is not known, as if it kept the image.</param>
    /// <param name="size">The decoded size, and how the image is to be turned.</param>
    /// <param name="reduction">
    /// Told height and width as the image is shown, says by how much a JPEG is made smaller while it is decoded: 1, 2, 4 or 8.
    /// </param>
    /// <returns>[H, W] pixels of four bytes.</returns>
    /// <exception cref="DataException">The bytes are no complete image, or a larger one than the cap allows.</exception>
    public static unsafe ReadOnlySpan<byte> Decode(
        ReadOnlySpan<byte> encoded, string path, long pixelCap, DecodeScratch scratch, long? decoderBytes, out StoredSize size,
        Func<int, int, int>? reduction = null)
    {
        fixed (byte* bytes = encoded)
        {
            using SKData data = SKData.Create((nint)bytes, encoded.Length);
            using SKCodec codec = SKCodec.Create(data)
                ?? throw new DataException($"'{path}' is damaged: its header cannot be decoded.", path);
            size = new StoredSize(codec.Info.Height, codec.Info.Width, ExifOrientation.Of(codec, encoded));
            RequireSize(size.Height, size.Width, pixelCap, path);
            if (reduction?.Invoke(size.ShownHeight, size.ShownWidth) is { } by and > 1)
            {
                SKSizeI reduced = codec.GetScaledDimensions(1f / by);
                size = size with { Height = reduced.Height, Width = reduced.Width };
            }

            var info = new SKImageInfo(size.Width, size.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul);
            long pixelCount = (long)size.Height * size.Width;
            Take(scratch, size, decoderBytes ?? (4 * pixelCount));
            Span<byte> pixels = scratch.ReserveRgba(info.BytesSize);
            SKCodecResult result;
            fixed (byte* target = pixels)
                result = codec.GetPixels(info, (nint)target);
            return result switch
            {
                SKCodecResult.Success => pixels,
                SKCodecResult.IncompleteInput => throw new DataException($"'{path}' is truncated: its pixels end early.", path),
                _ => throw new DataException($"'{path}' is damaged: the decoder reports {result}.", path),
            };
        }
    }

    /// <summary>Reads the size of an image, and how it is to be turned, from its header.</summary>
    /// <param name="encoded">The whole file.</param>
    /// <returns>Null where the header cannot be decoded.</returns>
    public static unsafe StoredSize? ReadSize(ReadOnlySpan<byte> encoded)
    {
        fixed (byte* bytes = encoded)
        {
            using SKData data = SKData.Create((nint)bytes, encoded.Length);
            using SKCodec? codec = SKCodec.Create(data);
            return codec is null ? null : new StoredSize(codec.Info.Height, codec.Info.Width, ExifOrientation.Of(codec, encoded));
        }
    }

    /// <summary>Says what an image and its labels need, and waits for it.</summary>
    /// <param name="scratch">Where it is decoded.</param>
    /// <param name="size">Its size.</param>
    /// <param name="decoderBytes">What the decoder needs for itself.</param>
    public static void Take(DecodeScratch scratch, StoredSize size, long decoderBytes) =>
        scratch.Take(decoderBytes + ((long)size.Height * size.Width * (size.IsUpright ? BytesPerPixel : BytesPerPixel + 4)));

    /// <summary>Whether an image is stored as grey, with one channel. What cannot be decoded is not.</summary>
    /// <param name="encoded">The whole file.</param>
    public static unsafe bool IsGrey(ReadOnlySpan<byte> encoded)
    {
        fixed (byte* bytes = encoded)
        {
            using SKData data = SKData.Create((nint)bytes, encoded.Length);
            using SKCodec? codec = SKCodec.Create(data);
            return codec?.Info.ColorType == SKColorType.Gray8;
        }
    }

    /// <summary>Refuses an image by the size its header claims.</summary>
    /// <exception cref="DataException">It has no pixels or more than the cap.</exception>
    public static void RequireSize(int height, int width, long pixelCap, string path)
    {
        // Four bytes a pixel must also stay below the largest array.
        long cap = Math.Min(pixelCap, Array.MaxLength / 4);
        if (height < 1 || width < 1)
            throw new DataException($"'{path}' is damaged: its header claims {width} x {height} pixels.", path);
        if ((long)height * width > cap)
        {
            throw new DataException(
                $"'{path}' is {width} x {height} pixels, above the cap of {cap}; raise the cap if the file can be trusted.", path);
        }
    }
}
