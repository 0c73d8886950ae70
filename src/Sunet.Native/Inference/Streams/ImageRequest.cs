using CommunityToolkit.HighPerformance;
using Sunet.Native.Tensors;

namespace Sunet.Native.Inference.Streams;

/// <summary>
/// One image of a stream, and where its labels go. The memory is the caller's and must stay as it is until the image's result has come;
/// afterwards memory and request may be used again.
/// </summary>
public sealed class ImageRequest
{
    /// <summary>The image, [H, W].</summary>
    public required ReadOnlyMemory2D<Rgb> Image { get; set; }

    /// <summary>Receives class indices, [H, W] of the image.</summary>
    public required Memory2D<byte> Labels { get; set; }

    /// <summary>Anything by which the caller knows the image again, such as its file.</summary>
    public object? Tag { get; set; }
}
