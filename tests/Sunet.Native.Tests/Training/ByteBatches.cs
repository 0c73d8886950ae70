using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;
using Sunet.Native.Training;

namespace Sunet.Native.Tests.Training;

/// <summary>A few batches of bytes, read in turn, some of whose labels are ignored; and the same batches as normalised pixels.</summary>
internal sealed class ByteBatches : IBatchSource
{
    private readonly TrainingBatch[] batches;

    /// <param name="images">[N, 3, H, W].</param>
    /// <param name="spec">Classes and normalisation.</param>
    /// <param name="normalise">Normalises a byte with the mean and deviation of its colour; null leaves the batches in bytes.</param>
    public ByteBatches(Shape images, SunetSpec spec, Func<byte, float, float, float>? normalise = null)
    {
        ImageShape = images;
        GivesBytes = normalise is null;
        var random = new Random(12);
        batches = [.. Enumerable.Range(0, 3).Select(_ => Draw(random, spec))];
        if (normalise is not null)
            batches = [.. batches.Select(batch => Normalised(batch, spec.Normalization, normalise))];
    }

    public Shape ImageShape { get; }

    /// <summary>What the source says; a source that lies can be made of one that does not.</summary>
    public bool GivesBytes { get; init; }

    public int BatchesPerEpoch => batches.Length;

    public TrainingBatch this[int index] => batches[index];

    public TrainingBatch Read(long index, CancellationToken cancellation = default) => batches[index % batches.Length];

    public void Return(TrainingBatch batch)
    {
    }

    public void Dispose()
    {
    }

    private TrainingBatch Draw(Random random, SunetSpec spec)
    {
        TrainingBatch batch = TrainingBatch.OfBytes(ImageShape);
        random.NextBytes(batch.Pixels);
        foreach (ref byte label in batch.PixelLabels.AsSpan())
            label = random.Next(10) == 0 ? (byte)255 : (byte)random.Next(spec.Classes);
        return batch;
    }

    private TrainingBatch Normalised(TrainingBatch bytes, ImageNormalization normalization, Func<byte, float, float, float> normalise)
    {
        var batch = new TrainingBatch(ImageShape, bytes.PixelLabels.Length);
        int plane = ImageShape.Height * ImageShape.Width;
        for (int i = 0; i < batch.Images.Length; i++)
        {
            (int image, int colour, int pixel) = (i / plane / 3, i / plane % 3, i % plane);
            batch.Images[i] = normalise(
                bytes.Pixels[(((image * plane) + pixel) * 3) + colour], normalization.Mean[colour], normalization.Deviation[colour]);
        }

        Array.Copy(bytes.PixelLabels, batch.Labels, batch.Labels.Length);
        return batch;
    }
}
