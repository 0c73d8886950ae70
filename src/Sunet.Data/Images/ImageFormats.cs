namespace Sunet.Data.Images;

/// <summary>Which files are images, by name and by content: the one place that says so.</summary>
internal static class ImageFormats
{
    private static readonly string[] Unread =
    [
        ".tif", ".tiff", ".heic", ".heif", ".avif", ".jxl", ".jp2", ".j2k", ".jxr", ".ppm", ".pgm", ".pbm", ".pnm", ".tga", ".ico", ".psd",
        ".exr", ".hdr", ".dng", ".cr2", ".nef", ".arw",
    ];

    /// <summary>The extensions of images that <see cref="ImageFile"/> reads, in lower case, with their point.</summary>
    public static IReadOnlyList<string> ReadExtensions { get; } = [".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".webp", ".gif"];

    /// <summary>What <see cref="ImageFile"/> reads, for messages and help texts.</summary>
    public static string Description => "JPEG, PNG, BMP, WebP or GIF";

    /// <summary>Whether a file's name is that of an image that <see cref="ImageFile"/> reads.</summary>
    /// <param name="path">The file, which need not be there; upper and lower case are the same.</param>
    public static bool IsImage(string path) => FromName(path) != ImageFormat.Unknown;

    /// <summary>Whether a file's name is that of an image of a format that is not read, such as TIFF.</summary>
    /// <param name="path">The file, which need not be there; upper and lower case are the same.</param>
    public static bool IsUnreadImage(string path) => Unread.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase);

    /// <summary>The eight bytes every PNG begins with.</summary>
    internal static ReadOnlySpan<byte> PngSignature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>The first bytes of a file that are enough for <see cref="Detect"/>.</summary>
    internal const int SignatureLength = 12;

    /// <summary>The format by content.</summary>
    internal static ImageFormat Detect(ReadOnlySpan<byte> file)
    {
        if (file.StartsWith(PngSignature))
            return ImageFormat.Png;
        if (file.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]))
            return ImageFormat.Jpeg;
        if (file.StartsWith("RIFF"u8) && file.Length >= 12 && file[8..].StartsWith("WEBP"u8))
            return ImageFormat.Webp;
        if (file.StartsWith("GIF87a"u8) || file.StartsWith("GIF89a"u8))
            return ImageFormat.Gif;
        return IsBmp(file) ? ImageFormat.Bmp : ImageFormat.Unknown;
    }

    /// <summary>Whether a file is a TIFF image, which is not read, by its content.</summary>
    internal static bool IsTiff(ReadOnlySpan<byte> file) => file.StartsWith("II*\0"u8) || file.StartsWith("MM\0*"u8);

    /// <summary>The format by extension.</summary>
    internal static ImageFormat FromName(string path) => Path.GetExtension(path).ToUpperInvariant() switch
    {
        ".JPG" or ".JPEG" or ".JPE" or ".JFIF" => ImageFormat.Jpeg,
        ".PNG" => ImageFormat.Png,
        ".BMP" => ImageFormat.Bmp,
        ".WEBP" => ImageFormat.Webp,
        ".GIF" => ImageFormat.Gif,
        _ => ImageFormat.Unknown,
    };

    // Two letters are little to go by: the four bytes after the file's length are reserved and zero.
    private static bool IsBmp(ReadOnlySpan<byte> file) =>
        file.StartsWith("BM"u8) && file.Length >= 10 && file[6..10].IndexOfAnyExcept((byte)0) < 0;
}
