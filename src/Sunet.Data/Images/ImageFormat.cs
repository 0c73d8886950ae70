namespace Sunet.Data.Images;

/// <summary>What a file is by its first bytes, whatever its name says.</summary>
internal enum ImageFormat
{
    /// <summary>Neither of the others.</summary>
    Unknown,

    /// <summary>JPEG.</summary>
    Jpeg,

    /// <summary>PNG.</summary>
    Png,
}

/// <summary>Tells formats by content and by name.</summary>
internal static class ImageFormats
{
    /// <summary>The eight bytes every PNG begins with.</summary>
    public static ReadOnlySpan<byte> PngSignature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>The format by content.</summary>
    public static ImageFormat Detect(ReadOnlySpan<byte> file)
    {
        if (file.StartsWith(PngSignature))
            return ImageFormat.Png;
        return file.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]) ? ImageFormat.Jpeg : ImageFormat.Unknown;
    }

    /// <summary>The format by extension.</summary>
    public static ImageFormat FromName(string path) => Path.GetExtension(path).ToUpperInvariant() switch
    {
        ".JPG" or ".JPEG" => ImageFormat.Jpeg,
        ".PNG" => ImageFormat.Png,
        _ => ImageFormat.Unknown,
    };
}
