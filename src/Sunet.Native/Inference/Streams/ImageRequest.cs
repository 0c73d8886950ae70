using System.Diagnostics.CodeAnalysis;
using CommunityToolkit.HighPerformance;
using Sunet.Native.Tensors;

namespace Sunet.Native.Inference.Streams;

/// <summary>
/// One image of a stream, and where its labels go. The image is <see cref="Image"/>, or bytes in the layout of another library
/// (<see cref="SetPixels"/>). The memory is the caller's and must stay as it is until the image's result has come; afterwards memory and
/// request may be used again.
/// </summary>
public sealed class ImageRequest
{
    private ReadOnlyMemory2D<Rgb> image;

    /// <summary>A request whose image and labels are set by their properties.</summary>
    public ImageRequest()
    {
    }

    /// <summary>A request for an image of bytes.</summary>
    /// <param name="pixels">The image from the first byte of its first pixel on; bytes behind the last pixel are ignored.</param>
    /// <param name="layout">How it lies there.</param>
    /// <param name="labels">Receives class indices, [H, W] of the image.</param>
    /// <exception cref="ArgumentException">The image does not fit into <paramref name="pixels"/>, or the layout has no pixels.</exception>
    [SetsRequiredMembers]
    public ImageRequest(ReadOnlyMemory<byte> pixels, ImageLayout layout, Memory2D<byte> labels)
    {
        SetPixels(pixels, layout);
        Labels = labels;
    }

    /// <summary>The image, [H, W]; empty where the request has <see cref="Pixels"/>.</summary>
    public required ReadOnlyMemory2D<Rgb> Image
    {
        get => image;
        set => (image, Pixels, Layout) = (value, default, default);
    }

    /// <summary>The image's bytes; empty where the request has an <see cref="Image"/>.</summary>
    public ReadOnlyMemory<byte> Pixels { get; private set; }

    /// <summary>How the image lies in <see cref="Pixels"/>.</summary>
    public ImageLayout Layout { get; private set; }

    /// <summary>Receives class indices, [H, W] of the image.</summary>
    public required Memory2D<byte> Labels { get; set; }

    /// <summary>Anything by which the caller knows the image again, such as its file.</summary>
    public object? Tag { get; set; }

    /// <summary>The image's height.</summary>
    internal int Height => Pixels.IsEmpty ? image.Height : Layout.Height;

    /// <summary>The image's width.</summary>
    internal int Width => Pixels.IsEmpty ? image.Width : Layout.Width;

    /// <summary>The image in either form.</summary>
    internal ImagePixels Source => Pixels.IsEmpty ? new ImagePixels(image.Span) : new ImagePixels(Pixels.Span, Layout);

    /// <summary>Makes bytes the image, in place of the present one.</summary>
    /// <param name="pixels">The image from the first byte of its first pixel on; bytes behind the last pixel are ignored.</param>
    /// <param name="layout">How it lies there.</param>
    /// <exception cref="ArgumentException">The image does not fit into <paramref name="pixels"/>, or the layout has no pixels.</exception>
    public void SetPixels(ReadOnlyMemory<byte> pixels, ImageLayout layout)
    {
        layout.Require(pixels.Length, nameof(pixels));
        (image, Pixels, Layout) = (default, pixels, layout);
    }
}
