using Sunet.Native.Backends;
using Sunet.Native.Models;
using Sunet.Native.Tensors;
using Sunet.Native.Tests.Facade;
using Sunet.Native.Training;

namespace Sunet.Native.Tests.Training;

/// <summary>Steps over several small batches against steps over one large batch of the same images, on any backend.</summary>
internal static class AccumulatedSteps
{
    private const int Steps = 3;

    // Float32 sums in another order. A factor or an image that is wrong changes a step by a third of itself or more.
    private const double Tolerance = 3e-3;

    /// <summary>
    /// With frozen statistics an image's gradient does not depend on its batch, so that both come to the same weights. All images differ.
    /// </summary>
    public static void AreStepsOfOneLargeBatch(IBackend backend, int accumulate)
    {
        Shape small = SmallModel.Images;
        using var parts = new FixedBatches(small, SmallModel.Spec.Classes, count: Steps * accumulate);
        using var whole = new JoinedBatches(parts, accumulate);
        TrainerOptions options = SmallModel.Options with { FrozenBatchNorm = true };
        SunetModel before = SunetModel.Create(SmallModel.Spec, seed: 3);
        SunetModel expected = Train(whole, options), found = Train(parts, options with { Accumulate = accumulate });
        double difference = 0, size = 0;
        foreach (string name in before.Names.Where(before.IsParameter))
        {
            for (int i = 0; i < before.Read(name).Length; i++)
            {
                difference += Math.Pow((double)found.Read(name)[i] - expected.Read(name)[i], 2);
                size += Math.Pow((double)expected.Read(name)[i] - before.Read(name)[i], 2);
            }
        }

        Assert.InRange(Math.Sqrt(difference / size), 0, Tolerance);

        SunetModel Train(IBatchSource source, TrainerOptions how)
        {
            using Trainer trainer = SmallModel.Trainer(source, backend, how);
            trainer.Run(Steps);
            SunetModel model = SunetModel.Create(SmallModel.Spec);
            trainer.CopyTo(model);
            return model;
        }
    }

    /// <summary>Several batches of a source as one.</summary>
    private sealed class JoinedBatches(IBatchSource parts, int count) : IBatchSource
    {
        public Shape ImageShape { get; } =
            new(parts.ImageShape.Batch * count, parts.ImageShape.Channels, parts.ImageShape.Height, parts.ImageShape.Width);

        public int BatchesPerEpoch => parts.BatchesPerEpoch / count;

        public TrainingBatch Read(long index, CancellationToken cancellation = default)
        {
            TrainingBatch[] read = [.. Enumerable.Range(0, count).Select(i => parts.Read((index * count) + i, cancellation))];
            var joined = new TrainingBatch(ImageShape, count * read[0].Labels.Length);
            read.SelectMany(b => b.Images).ToArray().CopyTo(joined.Images, 0);
            read.SelectMany(b => b.Labels).ToArray().CopyTo(joined.Labels, 0);
            return joined;
        }

        public void Return(TrainingBatch batch)
        {
        }

        public void Dispose()
        {
        }
    }
}
