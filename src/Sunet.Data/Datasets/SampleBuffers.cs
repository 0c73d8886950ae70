using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Datasets;

/// <summary>The memory one thread decodes samples into.</summary>
internal sealed class SampleBuffers
{
    /// <summary>File bytes and decoder output.</summary>
    public DecodeScratch Scratch { get; } = new();

    /// <summary>The decoded image.</summary>
    public PixelBuffer<Rgb> Image { get; } = new();

    /// <summary>The decoded labels.</summary>
    public PixelBuffer<byte> Labels { get; } = new();
}
