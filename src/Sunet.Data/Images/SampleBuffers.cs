using Sunet.Data.Augmentation;
using Sunet.Data.Datasets.Coco;
using Sunet.Native.Tensors;

namespace Sunet.Data.Images;

/// <summary>The memory one thread decodes samples into, again and again, so that reading a whole data set does not allocate.</summary>
public sealed class SampleBuffers
{
    /// <summary>Buffers of a thread that is alone.</summary>
    public SampleBuffers()
        : this(new DecodeScratch())
    {
    }

    /// <summary>Buffers of one of several threads.</summary>
    internal SampleBuffers(DecodeScratch scratch) => Scratch = scratch;

    /// <summary>File bytes and decoder output.</summary>
    internal DecodeScratch Scratch { get; }

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

    /// <summary>Ends with a sample: lets other threads have the memory that this one may not keep.</summary>
    internal void Return()
    {
        if (Scratch.HoldsTooMuch)
        {
            Scratch.Drop();
            Image.Drop();
            Labels.Drop();

            // The collector would let it lie for a while, and others are about to take as much again.
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true);
        }

        Scratch.Return();
    }
}
