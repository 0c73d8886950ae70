using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;

namespace Sunet.Native.Training;

/// <summary>Gives one batch of noise at every index. Training steps are timed and examined on it where data must not matter.</summary>
internal sealed class NoiseBatches : IBatchSource
{
    private readonly SunetSpec spec;
    private TrainingBatch? drawn;

    /// <summary>Describes the batch, which is drawn when it is read first; equal arguments give equal noise.</summary>
    /// <param name="image">[N, 3, H, W].</param>
    /// <param name="spec">What is trained: a class a pixel, or a class an image.</param>
    public NoiseBatches(Shape image, SunetSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ImageShape = image;
        this.spec = spec;
    }

    /// <inheritdoc/>
    public Shape ImageShape { get; }

    /// <inheritdoc/>
    public int BatchesPerEpoch => 1;

    /// <inheritdoc/>
    /// <exception cref="MemoryException">The images have more elements than an array can hold.</exception>
    public TrainingBatch Read(long index, CancellationToken cancellation = default) => drawn ??= Draw();

    /// <inheritdoc/>
    public void Return(TrainingBatch batch)
    {
        // There is one batch and it is never refilled.
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // Arrays only.
    }

    private TrainingBatch Draw()
    {
        Shape labels = spec.Head == SunetHead.Segmenter ? ImageShape.WithChannels(1) : new Shape(ImageShape.Batch);
        var batch = new TrainingBatch(ImageShape, labels.ArrayLength);
        var random = new Random(0);
        for (int i = 0; i < batch.Images.Length; i++)
            batch.Images[i] = (random.NextSingle() * 4) - 2;
        for (int i = 0; i < batch.Labels.Length; i++)
            batch.Labels[i] = random.Next(spec.Classes);
        return batch;
    }
}
