using System.Globalization;
using System.Runtime.InteropServices;
using Sunet.Native.Backends;
using Sunet.Native.Checkpoints;
using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Telemetry;

namespace Sunet.Native.Training;

/// <summary>The result of one update.</summary>
/// <param name="Step">Updates made before it: 0 for the first.</param>
/// <param name="Loss">The loss before the update, averaged over accumulated batches.</param>
/// <param name="LearningRate">The base rate it used.</param>
public readonly record struct TrainingStep(long Step, double Loss, double LearningRate);

/// <summary>
/// Trains a model step by step. It owns the training plan and its own copy of the weights; the model it was given is written by
/// <see cref="CopyTo"/> only. A trainer is used by one thread at a time; another waits until the step that is made is whole.
/// </summary>
public sealed class Trainer : IDisposable
{
    private readonly SunetSpec spec;
    private readonly IBatchSource source;
    private readonly TrainerOptions options;
    private readonly SunetGraph network;
    private readonly Plan plan;
    private readonly FiniteCheck finite;
    private readonly BatchFeed feed;
    private readonly TrainingTensors tensors;
    private readonly PreparedWork? stepCheck, accumulation, clip, batchWork;
    private readonly Sgd? sgd;
    private readonly WeightAverage? average;
    private readonly CallGate gate = new(typeof(Trainer));

    /// <summary>
    /// Running statistics move with every accumulated batch; if a later one fails they go back to these, so that a step happens wholly or
    /// not at all. Empty without accumulation.
    /// </summary>
    private readonly float[][] statisticsBefore = [];

    /// <summary>Compiles the training plan and loads the model's weights into it.</summary>
    /// <param name="model">Where training starts.</param>
    /// <param name="source">The batches; it stays the caller's.</param>
    /// <param name="options">How to train.</param>
    /// <param name="backend">Where; it must outlive the trainer.</param>
    /// <param name="cancellation">Stops compiling.</param>
    /// <exception cref="ConfigurationException">An option is out of range.</exception>
    /// <exception cref="MemoryException">The plan does not fit into memory.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; nothing is held.</exception>
    public Trainer(
        SunetModel model, IBatchSource source, TrainerOptions options, IBackend backend, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(options);
        options.Sgd.Validate();
        options.Loss.Validate(model.Spec.Classes);
        WeightAverage.Validate(options.AverageDecay);
        if (options.MaxGradientNorm is not (>= 0 and < float.PositiveInfinity))
            throw new ConfigurationException($"The largest norm {options.MaxGradientNorm} of gradients is not a number from 0 up.");
        if (options.Accumulate < 1)
            throw new ConfigurationException($"Gradients are accumulated over 1 batch or more, not {options.Accumulate}.");
        spec = model.Spec;
        this.source = source;
        this.options = options;
        network = SunetGraph.ForTraining(spec, source.ImageShape, new TrainingGraphOptions
        {
            TakesBytes = source.GivesBytes,
            BatchNormMomentum = options.BatchNormMomentum,
            FrozenBatchNorm = options.FrozenBatchNorm,
            IgnoreLabel = spec.Head == SunetHead.Segmenter ? options.IgnoreLabel : -1,
            WeightsClasses = !options.Loss.IsPlain,
            LabelSmoothing = options.Loss.LabelSmoothing,
            DiceWeight = options.Loss.DiceWeight,
        });
        plan = Plan.Compile(network.Graph, backend, new PlanOptions
        {
            Purpose = PlanPurpose.Training,
            OptimizerSlots = options.Accumulate > 1 ? PlanTraining.SlotsWithSum : PlanTraining.Slots,
            KeepsAverages = options.AverageDecay > 0,
            MemoryLimit = options.MemoryLimit,
        }, cancellation);
        finite = new FiniteCheck(plan);
        feed = new BatchFeed(plan, network, source, options.Loss.IsPlain ? null : options.Loss.WeightsOf(spec.Classes));
        tensors = new TrainingTensors(plan, withAverages: options.AverageDecay > 0);
        try
        {
            stepCheck = plan.Training.PrepareCheck(network.Loss!.Loss, network.Loss.Invalid);
            if (options.Accumulate > 1)
                accumulation = plan.Training.PrepareAccumulate();
            if (options.MaxGradientNorm > 0)
                clip = plan.Training.PrepareClip(options.MaxGradientNorm * options.Accumulate, ofSum: options.Accumulate > 1);
            sgd = new Sgd(plan.Training, options.Sgd, fromSum: options.Accumulate > 1, 1f / options.Accumulate);
            if (options.AverageDecay > 0)
                average = new WeightAverage(plan.Training, options.AverageDecay);
            batchWork = plan.Training.Record(RunRecordedWork);
            plan.Load(model.Read, cancellation);
            tensors.WriteAverages(model);
        }
        catch
        {
            Free();
            throw;
        }

        if (options.Accumulate > 1)
            statisticsBefore = [.. plan.Graph.Buffers.Select(b => new float[b.Shape.Count])];
    }

    /// <summary>Updates made so far.</summary>
    public long CompletedSteps { get; private set; }

    /// <summary>Updates in one pass over the data.</summary>
    public int StepsPerEpoch => Math.Max(1, source.BatchesPerEpoch / options.Accumulate);

    /// <summary>The compiled step: its calls, shapes and memory.</summary>
    public Plan Plan => plan;

    /// <summary>Makes one update.</summary>
    /// <param name="cancellation">Stops before the update; the weights are then those of the last whole step.</param>
    /// <exception cref="DataException">A batch cannot be read or holds a label out of range.</exception>
    /// <exception cref="DivergedException">The loss or a gradient is NaN or infinite; the weights are unchanged.</exception>
    /// <exception cref="InvalidOperationException">
    /// Somebody else ran the plan since the step before, or a callback of a call that is still running wants a step.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The trainer is disposed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public TrainingStep Step(CancellationToken cancellation = default)
    {
        CallMark.Refuse(this);
        cancellation.ThrowIfCancellationRequested();
        using CallGate.Scope inside = gate.Enter(cancellation);
        using CallGate.Scope planInside = plan.Enter();
        using MeasuredWork work = SunetTelemetry.Begin(SunetTelemetry.StepActivity);
        double rate = options.Sgd.LearningRate * options.Schedule.Factor(CompletedSteps);
        sgd!.SetLearningRate(rate);
        average?.SetStep(CompletedSteps);
        double loss = options.Accumulate > 1 ? AccumulateBatches(cancellation) : RunBatch(CompletedSteps, cancellation);
        var step = new TrainingStep(CompletedSteps++, loss / options.Accumulate, rate);
        SunetTelemetry.Stepped(work, source.ImageShape.Batch * options.Accumulate, step.Loss);
        return step;
    }

    /// <summary>
    /// Trains until the given number of updates is reached. Updates made before this call and in a resumed run are counted.
    /// </summary>
    /// <param name="steps">Updates in all; nothing happens where they are made already.</param>
    /// <param name="progress">
    /// Told of every update, on the thread that trains; what it takes is the training's time. It may call <see cref="SaveState"/> and
    /// <see cref="CopyTo"/>, but neither train, resume nor dispose.
    /// </param>
    /// <param name="cancellation">
    /// Stops between two updates: the weights are those of the last whole one, fit for <see cref="SaveState"/>, and another call goes on.
    /// </param>
    /// <exception cref="DataException">A batch cannot be read or holds a label out of range.</exception>
    /// <exception cref="DivergedException">The loss or a gradient is NaN or infinite; the weights are those before the update.</exception>
    /// <exception cref="InvalidOperationException">A callback of a call that is still running wants to train.</exception>
    /// <exception cref="ObjectDisposedException">The trainer is disposed, before or meanwhile.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public void Run(long steps, IProgress<TrainingStep>? progress = null, CancellationToken cancellation = default)
    {
        CallMark.Refuse(this);
        gate.RefuseCallback();
        while (CompletedSteps < steps)
        {
            TrainingStep step = Step(cancellation);
            using CallMark reporting = CallMark.Begin(this);
            progress?.Report(step);
        }
    }

    /// <summary>
    /// Trains like <see cref="Run"/> on a thread of its own, so that the caller's thread stays free. Calls that the caller makes to the
    /// trainer meanwhile, such as <see cref="SaveState"/>, run between two updates. After <see cref="Dispose"/> the task fails.
    /// </summary>
    /// <param name="steps">Updates in all.</param>
    /// <param name="progress">Told of every update; a <see cref="Progress{T}"/> brings the reports to the caller's thread.</param>
    /// <param name="cancellation">Stops between two updates; the task is cancelled then.</param>
    /// <exception cref="InvalidOperationException">A callback of a call that is still running wants to train.</exception>
    public Task RunAsync(long steps, IProgress<TrainingStep>? progress = null, CancellationToken cancellation = default)
    {
        CallMark.Refuse(this);
        gate.RefuseCallback();
        return Task.Factory.StartNew(
            () => Run(steps, progress, cancellation), cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Copies weights and running statistics into a model of the same spec.</summary>
    /// <param name="model">Receives them.</param>
    /// <exception cref="InvalidOperationException">A callback of a step that is made wants them.</exception>
    /// <exception cref="ObjectDisposedException">The trainer is disposed.</exception>
    public void CopyTo(SunetModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        using CallGate.Scope inside = gate.Enter();
        foreach (Value value in tensors.Weights)
            plan.Read(value, model.Write(value.Name));
    }

    /// <summary>
    /// Copies the average of weights and running statistics over the updates into a model of the same spec. Running statistics that are
    /// averaged suit averaged weights roughly; <see cref="BatchNormCalibration"/> takes them anew.
    /// </summary>
    /// <param name="model">Receives them.</param>
    /// <exception cref="InvalidOperationException">
    /// <see cref="TrainerOptions.AverageDecay"/> is 0, or a callback of a step that is made wants the average.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The trainer is disposed.</exception>
    public void CopyAverageTo(SunetModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        using CallGate.Scope inside = gate.Enter();
        if (average is null)
            throw new InvalidOperationException("The trainer keeps no average of its weights: its option AverageDecay is 0.");
        using CallGate.Scope planInside = plan.Enter();
        tensors.ReadAverages(model);
    }

    /// <summary>
    /// Writes everything an exact resume needs: weights, running statistics, velocity, averages, step. Batches and learning rate are
    /// functions of the step and need nothing.
    /// </summary>
    /// <param name="folder">The run's state folder; the newest two states are kept.</param>
    /// <param name="notes">What the caller wants back on resume, such as the best score.</param>
    /// <returns>The file written.</returns>
    /// <exception cref="CheckpointException">It could not be written; earlier states are unchanged.</exception>
    /// <exception cref="InvalidOperationException">A callback of a step that is made wants it.</exception>
    /// <exception cref="ObjectDisposedException">The trainer is disposed.</exception>
    public string SaveState(string folder, IReadOnlyDictionary<string, string> notes)
    {
        using CallGate.Scope inside = gate.Enter();
        using CallGate.Scope planInside = plan.Enter();
        return TrainingStateFile.Save(folder, CompletedSteps, notes, [.. tensors.Save()]);
    }

    /// <summary>Continues from the newest sound state of a folder, to the bit.</summary>
    /// <returns>The notes it was saved with.</returns>
    /// <exception cref="CheckpointException">There is no sound state, or it is another model's.</exception>
    /// <exception cref="InvalidOperationException">A callback of a call that is still running wants it.</exception>
    /// <exception cref="ObjectDisposedException">The trainer is disposed.</exception>
    public IReadOnlyDictionary<string, string> Resume(string folder)
    {
        CallMark.Refuse(this);
        using CallGate.Scope inside = gate.Enter();
        using CallGate.Scope planInside = plan.Enter();
        TrainingStateSearch found = TrainingStateFile.FindLatest(folder);
        if (found.Path is null)
        {
            string skipped = string.Concat(found.Skipped.Select(s => $" {s.Path}: {s.Reason}"));
            throw new CheckpointException($"There is no training state to resume from in '{folder}'.{skipped}", folder);
        }

        using SafetensorsFile file = SafetensorsFile.Open(found.Path);
        tensors.Restore(file);
        CompletedSteps = found.Step;
        return new Dictionary<string, string>(file.Metadata);
    }

    /// <summary>
    /// Gives the memory of activations and gradients back to the system until the next step, where the device can: the CPU on Linux. For
    /// before a validation, which has activations of its own.
    /// </summary>
    /// <exception cref="InvalidOperationException">A callback of a step that is made wants it.</exception>
    /// <exception cref="ObjectDisposedException">The trainer is disposed.</exception>
    public void ReleaseWorkingMemory()
    {
        using CallGate.Scope inside = gate.Enter();
        plan.ReleaseWorkingMemory();
    }

    /// <summary>
    /// Waits for the step that is made; the <see cref="Run"/> or <see cref="RunAsync"/> that makes it then fails with an
    /// <see cref="ObjectDisposedException"/>, or is cancelled if its token is.
    /// </summary>
    /// <exception cref="InvalidOperationException">A callback of a call that is still running wants it.</exception>
    public void Dispose()
    {
        CallMark.Refuse(this);
        gate.Close(Free);
    }

    private void Free()
    {
        feed.Dispose();
        batchWork?.Dispose();
        accumulation?.Dispose();
        stepCheck?.Dispose();
        average?.Dispose();
        sgd?.Dispose();
        clip?.Dispose();
        plan.Dispose();
    }

    /// <summary>Everything of a batch after its inputs are written; updates happen only if the step is found sound.</summary>
    private void RunRecordedWork()
    {
        using (SunetTelemetry.Begin(SunetTelemetry.ForwardActivity))
            plan.Run(Phase.Forward);
        using (SunetTelemetry.Begin(SunetTelemetry.BackwardActivity))
            plan.Run(Phase.Backward);
        using MeasuredWork update = SunetTelemetry.Begin(SunetTelemetry.UpdateActivity);
        stepCheck!.Run();
        if (accumulation is null)
            UpdateParameters();
        else
            accumulation.Run();
        plan.Run(Phase.Update);
        if (accumulation is null)
            average?.Update();
    }

    private void UpdateParameters()
    {
        clip?.Run();
        sgd!.Update();
    }

    /// <summary>Sums the gradients of several batches in the second optimizer slot and updates from there.</summary>
    private double AccumulateBatches(CancellationToken cancellation)
    {
        plan.Training.ClearSum();
        for (int i = 0; i < statisticsBefore.Length; i++)
            plan.Read(plan.Graph.Buffers[i], statisticsBefore[i]);
        double loss = 0;
        try
        {
            for (int i = 0; i < options.Accumulate; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                loss += RunBatch((CompletedSteps * options.Accumulate) + i, cancellation);
            }

            UpdateParameters();
            average?.Update();
        }
        catch
        {
            for (int i = 0; i < statisticsBefore.Length; i++)
                plan.Write(plan.Graph.Buffers[i], statisticsBefore[i]);
            throw;
        }

        return loss;
    }

    private double RunBatch(long index, CancellationToken cancellation)
    {
        feed.Write(index, cancellation);
        batchWork!.Run();
        feed.WriteAhead(index + 1, cancellation);
        StepCheck check = plan.Training.LastCheck();
        if (check.IsSound)
            return check.Loss;
        if (check.InvalidLabels > 0)
            throw InvalidLabels(feed.Current, check.InvalidLabels);
        feed.WriteAgain();
        throw finite.Diverged(CompletedSteps, float.IsFinite(check.Loss) ? "gradient" : "loss");
    }

    private Exception InvalidLabels(TrainingBatch batch, int invalid)
    {
        int ignore = network.Loss!.IgnoreLabel;
        int at = 0;
        while (at < batch.LabelCount && (batch.LabelAt(at) == ignore || (uint)batch.LabelAt(at) < (uint)spec.Classes))
            at++;
        if (at == batch.LabelCount)
        {
            return new InvalidOperationException(
                "The batch that was written ahead of this step has been overwritten: between two steps only the trainer may run its plan.");
        }

        string name = batch.Names[at / (batch.LabelCount / batch.Names.Length)];
        return new DataException(string.Create(CultureInfo.InvariantCulture,
            $"{invalid} labels are out of range: '{name}' has {batch.LabelAt(at)} "
            + $"and the model has classes 0 to {spec.Classes - 1}."), name);
    }
}
