using Sunet.Native.Tensors;
using Sunet.Native.Training;

namespace Sunet.Native.Tests.Facade;

/// <summary>A few batches in memory, read in turn: batch i of any run is the same.</summary>
internal sealed class FixedBatches : IBatchSource
{
    private readonly TrainingBatch[] batches;

    public FixedBatches(Shape images, int classes, int count = 3, int seed = 7)
    {
        ImageShape = images;
        var random = new Random(seed);
        batches = new TrainingBatch[count];
        for (int b = 0; b < count; b++)
        {
            batches[b] = new TrainingBatch(images, images.Batch * images.Height * images.Width);
            for (int i = 0; i < batches[b].Images.Length; i++)
                batches[b].Images[i] = (random.NextSingle() * 4) - 2;
            for (int i = 0; i < batches[b].Labels.Length; i++)
                batches[b].Labels[i] = random.Next(classes);
        }
    }

    /// <summary>Runs in every <see cref="Read"/>: what a leaking source would do.</summary>
    public Action? OnRead { get; init; }

    public Shape ImageShape { get; }

    public int BatchesPerEpoch => batches.Length;

    public TrainingBatch this[int index] => batches[index];

    public TrainingBatch Read(long index, CancellationToken cancellation = default)
    {
        OnRead?.Invoke();
        return batches[index % batches.Length];
    }

    public void Return(TrainingBatch batch)
    {
    }

    public void Dispose()
    {
    }
}
