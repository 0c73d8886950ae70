using Sunet.Data.Augmentation;
using Sunet.Data.Datasets.Coco;
using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Datasets;

/// <summary>The memory one thread decodes samples into, again and again, so that reading a whole data set does not allocate.</summary>
public sealed class SampleBuffers
{
    /// <summary>File bytes and decoder output.</summary>
    internal DecodeScratch Scratch { get; } = new();

    /// <summary>The decoded image.</summary>
    internal PixelBuffer<Rgb> Image { get; } = new();

    /// <summary>The decoded labels.</summary>
    internal PixelBuffer<byte> Labels { get; } = new();

    /// <summary>The rows of a crop on their way through a filter.</summary>
    internal CropScratch Crop { get; } = new();

    /// <summary>When the last sample was decoded, as a time stamp of <see cref="System.Diagnostics.Stopwatch"/>.</summary>
    internal long DecodedAt { get; set; }

    /// <summary>What drawing outlines needs.</summary>
    internal CocoBuffers Coco { get; } = new();
}
