using CommunityToolkit.HighPerformance;
using Sunet.Native.Files;
using Sunet.Native.Ops;

namespace Sunet.Data.Images;

/// <summary>
/// Reads label maps: PNG files whose stored sample is the class index, as a palette index of any bit depth or as grey of up to 8 bits.
/// </summary>
/// <remarks>
/// A decoder turns palette indices into colours, and two indices may share one colour. So the file is rewritten before it is decoded: its
/// palette (or its grey scale) becomes the palette in which entry i is the colour (i, i, i), and colour becomes index again.
/// </remarks>
public static class LabelFile
{
    /// <summary>The label of pixels that take no part in training or metrics.</summary>
    public const byte IgnoreLabel = SoftmaxCrossEntropy.DefaultIgnoreLabel;

    private const int Grey = 0;
    private const int Palette = 3;
    private const int GreyAlpha = 4;

    // A PNG begins with its signature, then IHDR: its length and type in four bytes each, then its data.
    private const int HeaderAt = 16;

    private const string Wanted =
        "a label map holds one class index a pixel, as a palette or grey PNG of up to 8 bits; 'sunet data convert' "
        + "makes such maps of colours, by a labelmap.txt in the data set or by '--colour-map FILE'";

    /// <summary>Reads a label map.</summary>
    /// <param name="path">The file.</param>
    /// <param name="pixelCap">Larger maps are refused by their header, before their pixels are allocated.</param>
    /// <returns>[H, W] class indices exactly as stored, owned by the caller.</returns>
    /// <exception cref="DataException">The file is missing, no PNG, damaged, too large, or does not hold one index a pixel.</exception>
    public static Memory2D<byte> Load(string path, long pixelCap = ImageFile.DefaultPixelCap) =>
        Load(path, pixelCap, new DecodeScratch(), new PixelBuffer<byte>());

    /// <summary>Reads a label map from a stream.</summary>
    /// <param name="stream">Read from where it is to its end, and left open; it need not be able to seek.</param>
    /// <param name="name">What messages call the label map.</param>
    /// <param name="pixelCap">Larger maps are refused by their header, before their pixels are allocated.</param>
    /// <returns>[H, W] class indices exactly as stored, owned by the caller.</returns>
    /// <exception cref="DataException">The stream cannot be read, or holds no sound label map.</exception>
    public static Memory2D<byte> Load(Stream stream, string name = "stream", long pixelCap = ImageFile.DefaultPixelCap)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var scratch = new DecodeScratch();
        return Decode(scratch.ReadStream(stream, name), name, pixelCap, scratch, new PixelBuffer<byte>());
    }

    /// <summary>The size of a label map from its header alone.</summary>
    /// <param name="path">The file.</param>
    /// <returns>Null where <see cref="Load(string, long)"/> would refuse the file by its beginning; loading it tells why.</returns>
    public static (int Height, int Width)? ReadSize(string path)
    {
        Span<byte> start = stackalloc byte[HeaderAt + PngHeader.Length];
        try
        {
            using var file = RegularFile.OpenHandle(path);
            start = start[..RandomAccess.Read(file, start, 0)];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }

        if (HeaderOrNull(start) is not { } header)
            return null;
        bool possible = header.Width > 0 && header.Height > 0 && (long)header.Width * header.Height <= ImageFile.DefaultPixelCap;
        return possible ? (header.Height, header.Width) : null;
    }

    /// <summary>Whether a file in memory is a PNG that has one index a pixel rather than a colour.</summary>
    internal static bool HasIndices(ReadOnlySpan<byte> file) => HeaderOrNull(file)?.ColourType is Grey or Palette;

    /// <summary>Reads a label map into memory that is used again; the result is valid until the next use of scratch or target.</summary>
    internal static Memory2D<byte> Load(string path, long pixelCap, DecodeScratch scratch, PixelBuffer<byte> target) =>
        Decode(scratch.ReadFile(path), path, pixelCap, scratch, target);

    /// <summary>Decodes a file that is in memory already.</summary>
    internal static Memory2D<byte> Decode(
        ReadOnlySpan<byte> file, string path, long pixelCap, DecodeScratch scratch, PixelBuffer<byte> target)
    {
        if (ImageFormats.Detect(file) is var format && format is not (ImageFormat.Png or ImageFormat.Unknown))
            throw new DataException($"'{path}' is a {format.ToString().ToUpperInvariant()} image; {Wanted}.", path);
        ReadOnlySpan<byte> rewritten = Rewrite(file, path, pixelCap, scratch);
        ReadOnlySpan<byte> rgba = SkiaDecoder.Decode(rewritten, path, pixelCap, scratch, null, out StoredSize size);
        Memory2D<byte> labels = target.Reserve(size.Height, size.Width);
        labels.Span.TryGetSpan(out Span<byte> indices);
        for (int i = 0; i < indices.Length; i++)
            indices[i] = rgba[i * 4];
        return labels;
    }

    private static PngHeader? HeaderOrNull(ReadOnlySpan<byte> file) =>
        file.Length >= HeaderAt + PngHeader.Length && file.StartsWith(ImageFormats.PngSignature) ? PngHeader.Parse(file[HeaderAt..]) : null;

    private static ReadOnlySpan<byte> Rewrite(ReadOnlySpan<byte> file, string path, long pixelCap, DecodeScratch scratch)
    {
        const int IdentityPaletteChunk = 256 * 3 + 12;
        var chunks = new PngChunks(file, path);
        chunks.MoveNext();
        if (chunks.Type != PngChunkTypes.Ihdr || chunks.Data.Length != PngHeader.Length)
            throw new DataException($"'{path}' is damaged: it does not begin with a PNG header.", path);
        PngHeader header = PngHeader.Parse(chunks.Data);
        Require(header, path, pixelCap);

        var writer = new PngChunkWriter(scratch.ReserveRewritten(file.Length + IdentityPaletteChunk));
        writer.Copy(ImageFormats.PngSignature);
        Span<byte> data = stackalloc byte[PngHeader.Length];
        chunks.Data.CopyTo(data);
        data[9] = Palette;
        writer.Write(PngChunkTypes.Ihdr, data);
        WriteIdentityPalette(ref writer, header.BitDepth);

        bool pixels = false, palette = header.ColourType == Grey;
        do
        {
            chunks.MoveNext();
            palette |= chunks.Type == PngChunkTypes.Plte;
            if (chunks.Type == PngChunkTypes.Idat)
            {
                writer.Copy(chunks.Whole);
                pixels = true;
            }
        }
        while (chunks.Type != PngChunkTypes.Iend);

        if (!pixels || !palette)
            throw new DataException($"'{path}' is damaged: it has no {(pixels ? "palette" : "pixels")}.", path);
        writer.Copy(chunks.Whole);
        return writer.Written;
    }

    private static void Require(PngHeader header, string path, long pixelCap)
    {
        SkiaDecoder.RequireSize(header.Height, header.Width, pixelCap, path);
        if (header.ColourType is not (Grey or Palette))
        {
            string kind = header.ColourType == GreyAlpha ? "grey PNG with an alpha channel" : "colour PNG";
            throw new DataException(
                $"'{path}' is a {kind}; {Wanted}.", path);
        }

        if (header.BitDepth > 8)
            throw new DataException($"'{path}' has {header.BitDepth} bits a pixel; a label map has at most 8.", path);
        if (header.BitDepth is not (1 or 2 or 4 or 8))
            throw new DataException($"'{path}' is damaged: its header claims {header.BitDepth} bits a pixel.", path);
    }

    private static void WriteIdentityPalette(ref PngChunkWriter writer, int bitDepth)
    {
        Span<byte> palette = stackalloc byte[3 << bitDepth];
        for (int i = 0; i < palette.Length; i++)
            palette[i] = (byte)(i / 3);
        writer.Write(PngChunkTypes.Plte, palette);
    }
}
