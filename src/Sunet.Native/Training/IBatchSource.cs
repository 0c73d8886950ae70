using Sunet.Native.Tensors;

namespace Sunet.Native.Training;

/// <summary>One batch of normalised images and their labels. The arrays are reused: a batch is valid until it is returned.</summary>
public sealed class TrainingBatch
{
    /// <summary>Creates a batch with arrays of its own.</summary>
    /// <param name="imageShape">[N, 3, H, W].</param>
    /// <param name="labelCount">N * H * W for segmentation, N for classification.</param>
    /// <exception cref="MemoryException">The images have more elements than an array can hold.</exception>
    public TrainingBatch(Shape imageShape, int labelCount)
    {
        Images = new float[imageShape.ArrayLength];
        Labels = new int[labelCount];
        Names = new string[imageShape.Batch];
        Array.Fill(Names, "");
    }

    /// <summary>Normalised pixels, [N, 3, H, W] row-major.</summary>
    public float[] Images { get; }

    /// <summary>Class indices, [N, H, W] row-major (or [N]); the ignore label, usually 255, takes no part.</summary>
    public int[] Labels { get; }

    /// <summary>The N samples' names, for messages.</summary>
    public string[] Names { get; }
}

/// <summary>
/// Where a trainer gets its batches. A batch is a pure function of the source's seed and the batch's index, so that a resumed run
/// sees exactly what an uninterrupted one would have seen.
/// </summary>
public interface IBatchSource : IDisposable
{
    /// <summary>[N, 3, H, W] of every batch.</summary>
    Shape ImageShape { get; }

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
