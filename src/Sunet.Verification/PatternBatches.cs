using Sunet.Native.Tensors;
using Sunet.Native.Training;

namespace Sunet.Verification;

/// <summary>
/// Noisy pictures of overlapping rectangles, one colour a class, some of whose labels are wrong: a task that a small network learns in a
/// few hundred steps, and whose loss does not go to zero, where a ratio of losses would mean nothing.
/// </summary>
internal sealed class PatternBatches : IBatchSource
{
    private const float Noise = 0.8f;
    private const double WrongLabels = 0.1;
    private readonly TrainingBatch[] batches;
    private readonly int classes;

    public PatternBatches(Shape images, int classes, int count = 16)
    {
        ImageShape = images;
        this.classes = classes;
        var random = new Random(20);
        batches = [.. Enumerable.Range(0, count).Select(_ => Draw(random))];
    }

    public Shape ImageShape { get; }

    public int BatchesPerEpoch => batches.Length;

    public TrainingBatch Read(long index, CancellationToken cancellation = default) => batches[index % batches.Length];

    public void Return(TrainingBatch batch)
    {
        // Batches are drawn once and kept.
    }

    public void Dispose()
    {
        // Arrays only.
    }

    private TrainingBatch Draw(Random random)
    {
        (int height, int width) = (ImageShape.Height, ImageShape.Width);
        var batch = new TrainingBatch(ImageShape, ImageShape.Batch * height * width);
        for (int n = 0; n < ImageShape.Batch; n++)
        {
            Span<int> labels = batch.Labels.AsSpan(n * height * width, height * width);
            for (int rectangle = 0; rectangle < 6; rectangle++)
            {
                (int top, int left) = (random.Next(height * 3 / 4), random.Next(width * 3 / 4));
                (int bottom, int right) = (random.Next(top + 4, height), random.Next(left + 4, width));
                int label = random.Next(classes);
                for (int y = top; y < bottom; y++)
                    labels[((y * width) + left)..((y * width) + right)].Fill(label);
            }

            for (int channel = 0; channel < ImageShape.Channels; channel++)
            {
                Span<float> plane = batch.Images.AsSpan(((n * ImageShape.Channels) + channel) * height * width, height * width);
                for (int i = 0; i < plane.Length; i++)
                    plane[i] = Colour(labels[i], channel) + (Noise * ((2 * random.NextSingle()) - 1));
            }

            foreach (ref int label in labels)
            {
                if (random.NextDouble() < WrongLabels)
                    label = random.Next(classes);
            }
        }

        return batch;
    }

    /// <summary>Another colour for every class: three digits to base 3.</summary>
    private static float Colour(int label, int channel) => (label / (channel == 0 ? 1 : channel == 1 ? 3 : 9) % 3) - 1;
}
