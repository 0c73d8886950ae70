using SkiaSharp;

namespace Sunet.Data.Images;

/// <summary>An image's size as it is stored, and how it is turned to be shown.</summary>
/// <param name="Height">Stored rows.</param>
/// <param name="Width">Stored pixels a row.</param>
/// <param name="Origin">Which corner the first stored pixel is of.</param>
internal readonly record struct StoredSize(int Height, int Width, SKEncodedOrigin Origin)
{
    /// <summary>Whether it is shown as it is stored.</summary>
    public bool IsUpright => Origin == SKEncodedOrigin.TopLeft;

    /// <summary>The height as it is shown.</summary>
    public int ShownHeight => ExifOrientation.SwapsSides(Origin) ? Width : Height;

    /// <summary>The width as it is shown.</summary>
    public int ShownWidth => ExifOrientation.SwapsSides(Origin) ? Height : Width;
}
