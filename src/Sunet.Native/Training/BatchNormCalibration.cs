using Sunet.Native.Backends;
using Sunet.Native.Compilation;
using Sunet.Native.Compilation.Memory;
using Sunet.Native.Graphs;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Native.Training;

/// <summary>How running statistics are taken anew.</summary>
public sealed record BatchNormCalibrationOptions
{
    /// <summary>Batches they are taken of.</summary>
    public int Batches { get; init; } = 100;

    /// <summary>A plan that needs more bytes is refused before anything is allocated.</summary>
    public long MemoryLimit { get; init; } = long.MaxValue;
}

/// <summary>
/// Takes a model's running statistics anew, with its weights as they are: the mean and variance of each batch-norm's input over a number of
/// batches, each normalised with its own statistics as in training ("precise batch-norm": Wu, Johnson, "Rethinking 'Batch' in BatchNorm",
/// arXiv 2105.07576, section 3). Those of training lag behind the weights, and are of the size of its crops: where a network is used on
/// larger images, less of which is border, they do not fit.
/// </summary>
public static class BatchNormCalibration
{
    private const PlanPurpose Purpose = PlanPurpose.Training;

    /// <summary>The memory of the plan that <see cref="Run"/> compiles, known before there is a batch. Nothing is allocated.</summary>
    /// <param name="spec">The network.</param>
    /// <param name="images">A batch, [N, 3, H, W], H and W from 32 up.</param>
    /// <param name="ofBytes">Whether batches are of bytes.</param>
    /// <param name="backend">Where it would run.</param>
    /// <param name="cancellation">Stops planning.</param>
    /// <exception cref="ConfigurationException">The shape or the spec is out of range.</exception>
    /// <exception cref="BackendException">The backend cannot run the network.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    internal static MemoryPlan MemoryOf(
        SunetSpec spec, Shape images, bool ofBytes, IBackend backend, CancellationToken cancellation = default) =>
        Plan.MemoryOf(SunetGraph.ForStatistics(spec, images, ofBytes).Graph, backend, Purpose, cancellation);

    /// <summary>Replaces the running statistics of a model.</summary>
    /// <param name="model">Read, and changed once all batches are done: wholly or not at all.</param>
    /// <param name="source">
    /// The batches from index 0 on, of images as the model will see them, at that size and not augmented; labels are not read. It stays
    /// the caller's.
    /// </param>
    /// <param name="options">How many.</param>
    /// <param name="backend">Where.</param>
    /// <param name="progress">Told how many batches are done, on this thread.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <exception cref="ConfigurationException">There are to be no batches, or their shape is out of range.</exception>
    /// <exception cref="MemoryException">The plan does not fit into memory.</exception>
    /// <exception cref="DataException">A batch cannot be read.</exception>
    /// <exception cref="DivergedException">A statistic is NaN or infinite.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static void Run(SunetModel model, IBatchSource source, BatchNormCalibrationOptions options, IBackend backend,
        IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Batches < 1)
            throw new ConfigurationException($"Statistics are taken of 1 batch or more, not {options.Batches}.");
        SunetGraph network = SunetGraph.ForStatistics(model.Spec, source.ImageShape, source.GivesBytes);
        using Plan plan = Plan.Compile(network.Graph, backend, new PlanOptions
        {
            Purpose = Purpose,
            MemoryLimit = options.MemoryLimit,
        }, cancellation);
        plan.Load(model.Read, cancellation);
        Moments[] layers = [.. network.Statistics.Select(s => new Moments(s))];
        for (int i = 0; i < options.Batches; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            TrainingBatch batch = source.Read(i, cancellation);
            BatchFeed.WriteImages(plan, network, batch);
            source.Return(batch);
            plan.Run(Phase.Forward);
            foreach (Moments layer in layers)
                layer.Add(plan, i);
            progress?.Report(i + 1);
        }

        foreach (Moments layer in layers)
            layer.CopyTo(model);
    }

    /// <summary>The moments of one layer's input over all batches, kept in double by Welford's method.</summary>
    private sealed class Moments(RunningStatisticsUpdate layer)
    {
        private readonly float[] batchMean = new float[layer.BatchMean.Shape.Count], batchVariance = new float[layer.BatchMean.Shape.Count];
        private readonly double[] mean = new double[layer.BatchMean.Shape.Count], within = new double[layer.BatchMean.Shape.Count],
            between = new double[layer.BatchMean.Shape.Count];

        private int batches;

        public void Add(Plan plan, int index)
        {
            plan.Read(layer.BatchMean, batchMean);
            plan.Read(layer.BatchVariance, batchVariance);
            batches++;
            for (int c = 0; c < mean.Length; c++)
            {
                if (!float.IsFinite(batchMean[c]) || !float.IsFinite(batchVariance[c]))
                {
                    throw new DivergedException(
                        FormattableString.Invariant($"Batch {index}: what '{layer.RunningMean.Name}' is the mean of ")
                        + "is not finite. The model is as it was; check its weights and the data.", index, layer.RunningMean.Name);
                }

                double fromMean = batchMean[c] - mean[c];
                mean[c] += fromMean / batches;
                between[c] += fromMean * (batchMean[c] - mean[c]);
                within[c] += batchVariance[c];
            }
        }

        /// <summary>The variance is the biased one, which is what a batch is normalised with.</summary>
        public void CopyTo(SunetModel model)
        {
            Span<float> toMean = model.Write(layer.RunningMean.Name), toVariance = model.Write(layer.RunningVariance.Name);
            for (int c = 0; c < mean.Length; c++)
            {
                toMean[c] = (float)mean[c];
                toVariance[c] = (float)((within[c] + between[c]) / batches);
            }
        }
    }
}
