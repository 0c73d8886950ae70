using Sunet.Native.Compilation;
using Sunet.Native.Models.Networks;
using Sunet.Native.Ops;
using Sunet.Native.Telemetry;
using Sunet.Native.Tensors;

namespace Sunet.Native.Training;

/// <summary>
/// Writes batches into a plan's inputs. On a device that runs ahead, the next batch is read and copied during work on the current one. The
/// current batch is kept until then, for messages and for the diagnosis of a step that failed.
/// </summary>
/// <param name="plan">The plan that trains.</param>
/// <param name="network">Its graph.</param>
/// <param name="source">The batches; it stays the caller's.</param>
/// <param name="classWeights">[C], written with every batch, because a run overwrites inputs; null for a loss without them.</param>
internal sealed class BatchFeed(Plan plan, SunetGraph network, IBatchSource source, float[]? classWeights) : IDisposable
{
    private TrainingBatch? current, next;
    private long nextIndex;

    /// <summary>The batch that the plan works on.</summary>
    public TrainingBatch Current => current ?? throw new InvalidOperationException("No batch has been written yet.");

    /// <summary>Makes a batch the current one, in the plan's inputs.</summary>
    /// <exception cref="DataException">It cannot be read.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public void Write(long index, CancellationToken cancellation)
    {
        Return(ref current);
        if (next is not null && nextIndex == index)
        {
            (current, next) = (next, null);
            return;
        }

        Return(ref next);
        current = Read(index, cancellation);
        Write(current);
    }

    /// <summary>
    /// Reads and copies the next batch where that costs no time. A batch that cannot be read is read again, and fails, when it is due.
    /// </summary>
    public void WriteAhead(long index, CancellationToken cancellation)
    {
        if (!plan.Training.RunsAhead)
            return;
        try
        {
            next = Read(index, cancellation);
            nextIndex = index;
        }
        catch (Exception e) when (e is SunetException or OperationCanceledException)
        {
            return;
        }

        Write(next);
    }

    /// <summary>Writes the images of a batch alone.</summary>
    /// <param name="plan">Of the graph.</param>
    /// <param name="network">The graph, made for what the source gives.</param>
    /// <param name="batch">The source's.</param>
    /// <exception cref="InvalidOperationException">The batch is not what its source says.</exception>
    public static void WriteImages(Plan plan, SunetGraph network, TrainingBatch batch)
    {
        if (batch.IsOfBytes != (network.Image.Type == DataType.UInt8))
        {
            string said = batch.IsOfBytes ? "is one of bytes, and its source does not say so" : "is not one of bytes, as its source says";
            throw new InvalidOperationException($"The batch {said} (IBatchSource.GivesBytes).");
        }

        if (batch.IsOfBytes)
            plan.Write(network.Image, batch.Pixels);
        else
            plan.Write(network.Image, batch.Images);
    }

    /// <summary>Puts the current batch back into the inputs, which a run and the following batch overwrite.</summary>
    public void WriteAgain()
    {
        Return(ref next);
        Write(Current);
    }

    public void Dispose()
    {
        Return(ref current);
        Return(ref next);
    }

    private TrainingBatch Read(long index, CancellationToken cancellation)
    {
        using MeasuredWork work = SunetTelemetry.Begin(SunetTelemetry.DataActivity);
        TrainingBatch batch = source.Read(index, cancellation);
        SunetTelemetry.Waited(work);
        return batch;
    }

    private void Write(TrainingBatch batch)
    {
        WriteImages(plan, network, batch);
        if (batch.IsOfBytes)
            plan.Write(network.Labels!, batch.PixelLabels);
        else
            plan.Write(network.Labels!, batch.Labels);
        if (network.Loss is DiceCrossEntropy weighted)
            plan.Write(weighted.ClassWeights, classWeights!);
    }

    private void Return(ref TrainingBatch? batch)
    {
        if (batch is not null)
            source.Return(batch);
        batch = null;
    }
}
