namespace Sunet.Data.Images;

/// <summary>What a file is by its first bytes, whatever its name says.</summary>
internal enum ImageFormat
{
    /// <summary>The format is not known, or not read.</summary>
    Unknown,

    /// <summary>JPEG.</summary>
    Jpeg,

    /// <summary>PNG.</summary>
    Png,

    /// <summary>Windows bitmap.</summary>
    Bmp,

    /// <summary>WebP.</summary>
    Webp,

    /// <summary>GIF.</summary>
    Gif,
}
