using Sunet.Native.Tensors;

namespace Sunet.Data.Images;

/// <summary>The memory one thread decodes samples into, again and again, so that reading a whole data set does not allocate.</summary>
internal sealed class SampleBuffers
{
    private object? readerMemory;

    /// <summary>Makes the buffers of a thread that shares no budget with others.</summary>
    public SampleBuffers()
        : this(new DecodeScratch())
    {
    }

    /// <summary>Makes the buffers of one of several threads.</summary>
    /// <param name="scratch">Knows the budget that the threads share.</param>
    public SampleBuffers(DecodeScratch scratch) => Scratch = scratch;

    /// <summary>File bytes and decoder output.</summary>
    public DecodeScratch Scratch { get; }

    /// <summary>The decoded image.</summary>
    public PixelBuffer<Rgb> Image { get; } = new();

    /// <summary>The decoded labels.</summary>
    public PixelBuffer<byte> Labels { get; } = new();

    /// <summary>The working memory of a reader of labels, made at its first use and kept for the next sample.</summary>
    /// <typeparam name="T">What the reader keeps. A data set has readers of one kind, so that one object is kept at a time.</typeparam>
    public T MemoryOf<T>()
        where T : class, new()
    {
        if (readerMemory is not T memory)
            readerMemory = memory = new T();
        return memory;
    }

    /// <summary>Ends with a sample: lets other threads have the memory that this one may not keep.</summary>
    public void Return()
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
