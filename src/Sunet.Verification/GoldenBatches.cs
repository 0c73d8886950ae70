using Sunet.Native.Tensors;
using Sunet.Native.Training;
using Sunet.Verification.Golden;

namespace Sunet.Verification;

/// <summary>A golden case's batch, every time.</summary>
internal sealed class GoldenBatches : IBatchSource
{
    private readonly TrainingBatch batch;

    public GoldenBatches(GoldenCase golden)
    {
        ImageShape = golden.Input;
        int[] labels = golden.CreateLabels();
        batch = new TrainingBatch(golden.Input, labels.Length);
        golden.CreateInput().CopyTo(batch.Images, 0);
        labels.CopyTo(batch.Labels, 0);
    }

    public Shape ImageShape { get; }

    public int BatchesPerEpoch => 1;

    public TrainingBatch Read(long index, CancellationToken cancellation = default) => batch;

    public void Return(TrainingBatch batch)
    {
        // There is one batch and it is never refilled.
    }

    public void Dispose()
    {
        // Arrays only.
    }
}
