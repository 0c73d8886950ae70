using Sunet.Native.Tensors;

namespace Sunet.Native.Training;

/// <summary>
/// Where a trainer gets its batches. A batch is a pure function of the source's seed and the batch's index, so that a resumed run
/// sees exactly what an uninterrupted one would have seen.
/// </summary>
public interface IBatchSource : IDisposable
{
    /// <summary>[N, 3, H, W] of every batch, of bytes too.</summary>
    Shape ImageShape { get; }

    /// <summary>
    /// Whether every batch is <see cref="TrainingBatch.OfBytes"/>: the device then normalises its pixels as the model's spec says. A source
    /// that does not say so gives normalised pixels.
    /// </summary>
    bool GivesBytes => false;

    /// <summary>Batches in one pass over the data; an incomplete last one is dropped.</summary>
    int BatchesPerEpoch { get; }

    /// <summary>
    /// The batch at <paramref name="index"/>, counted from the first batch of training (epoch = index / <see cref="BatchesPerEpoch"/>).
    /// Successive indices come prefetched; any other index restarts the prefetch there. Blocks until the batch is ready.
    /// </summary>
    /// <exception cref="DataException">A sample cannot be read; the message names its file.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    TrainingBatch Read(long index, CancellationToken cancellation = default);

    /// <summary>Gives a batch back for reuse.</summary>
    void Return(TrainingBatch batch);
}
