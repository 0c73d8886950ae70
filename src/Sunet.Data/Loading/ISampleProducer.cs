using Sunet.Native.Tensors;
using Sunet.Native.Training;

namespace Sunet.Data.Loading;

/// <summary>Makes one sample of a batch. Safe to use from many threads, each with buffers of its own.</summary>
internal interface ISampleProducer
{
    /// <summary>The split's images.</summary>
    int Items { get; }

    /// <summary>The split, for messages.</summary>
    string Source { get; }

    /// <summary>Whether batches are of bytes with a label a pixel, rather than of normalised pixels with a label an image.</summary>
    bool GivesBytes { get; }

    /// <summary>Creates a batch to fill.</summary>
    /// <param name="images">[N, 3, H, W].</param>
    /// <exception cref="MemoryException">The images have more elements than an array can hold.</exception>
    TrainingBatch CreateBatch(Shape images);

    /// <summary>Fills one place of a batch.</summary>
    /// <param name="batch">The batch to write to.</param>
    /// <param name="place">The place in it, from 0.</param>
    /// <param name="item">The data set's item.</param>
    /// <param name="number">The sample's number since the beginning of training: its augmentation follows from it.</param>
    /// <param name="buffers">The calling thread's own.</param>
    /// <exception cref="DataException">The item cannot be read.</exception>
    void Produce(TrainingBatch batch, int place, int item, long number, WorkerBuffers buffers);
}
