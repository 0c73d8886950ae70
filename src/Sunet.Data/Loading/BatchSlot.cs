using System.Runtime.ExceptionServices;
using Sunet.Native.Training;

namespace Sunet.Data.Loading;

/// <summary>A batch in preparation. Guarded by the loader's lock.</summary>
internal sealed class BatchSlot
{
    private ExceptionDispatchInfo? failure;
    private int failed;

    /// <summary>What the samples are written to; null while the slot is not in use.</summary>
    public TrainingBatch? Batch { get; private set; }

    /// <summary>The samples not finished yet.</summary>
    public int Remaining { get; private set; }

    /// <summary>Begins a batch.</summary>
    public void Begin(TrainingBatch batch, int samples)
    {
        Batch = batch;
        Remaining = samples;
        failure = null;
    }

    /// <summary>Notes that a sample is finished, and how it failed if it did.</summary>
    public void Finish(int sample, ExceptionDispatchInfo? error)
    {
        Remaining--;

        // Of several failures the first sample's is told, whichever worker was faster.
        if (error is not null && (failure is null || sample < failed))
            (failure, failed) = (error, sample);
    }

    /// <summary>Throws what a sample failed with, if one did.</summary>
    public void ThrowIfFailed() => failure?.Throw();

    /// <summary>Takes the batch out; the slot is free again.</summary>
    public TrainingBatch? Take()
    {
        TrainingBatch? batch = Batch;
        Batch = null;
        return batch;
    }
}
