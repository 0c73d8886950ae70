using System.Diagnostics;
using System.Globalization;
using Sunet.Cli.Output;
using Sunet.Cli.Runs.Reporting.Contents;
using Sunet.Cli.Runs.Streaming;
using Sunet.Data.Reporting;
using Sunet.Native.Backends;
using Sunet.Native.Models;
using Sunet.Native.Training;

namespace Sunet.Cli.Runs.Training;

/// <summary>
/// Steps, validates and saves. All that decides what comes next lies in the trainer's state and the progress saved with it, so a run that
/// was stopped anywhere goes on as if it had not been.
/// </summary>
internal sealed class TrainingLoop(
    Trainer trainer, SunetModel model, ITrainingTask task, IBackend backend, TrainingFiles files,
    TrainingProgress progress, string data)
{
    private readonly Stopwatch watch = Stopwatch.StartNew();
    private readonly EventFile events = EventFile.Begin(files.Folder, progress.ClosedEpochs);

    /// <summary>Updates in all.</summary>
    public required long Steps { get; init; }

    /// <summary>Epochs between validations.</summary>
    public required int ValidateEvery { get; init; }

    /// <summary>Epochs between checkpoints.</summary>
    public required int SaveEvery { get; init; }

    /// <summary>Epochs without a better score after which a run ends before its time; 0 for never.</summary>
    public int Patience { get; init; }

    /// <summary>Whether the average of the weights is validated and saved in their place.</summary>
    public bool UsesAverage { get; init; }

    /// <summary>The time that steps took in this process, waiting for their data included.</summary>
    public TimeSpan StepTime { get; private set; }

    /// <summary>What the validation of the best weights found; null where it was not in this process.</summary>
    public SplitMeasures? Best { get; private set; }

    /// <summary>How long each stage was the limit of all validations; null before the first, and for tasks without stages.</summary>
    public StageTimes? ValidationStages { get; private set; }

    /// <summary>Trains to the end.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; the state is saved.</exception>
    /// <exception cref="Sunet.Native.SunetException">A step or a save failed; the last saved state is sound.</exception>
    public void Run(ProgressLine line, CancellationToken cancellation)
    {
        // The first state shows that the folder can be written, and replaces those of an earlier run in it.
        if (trainer.CompletedSteps == 0)
            SaveState();
        try
        {
            while (true)
            {
                if (EpochEnds)
                    CloseEpoch(line, cancellation);
                if (trainer.CompletedSteps >= Steps || IsOutOfPatience)
                    return;
                cancellation.ThrowIfCancellationRequested();

                // Steps are whole: running statistics move with every accumulated batch, so a step is never left halfway.
                long start = Stopwatch.GetTimestamp();
                TrainingStep step = trainer.Step(CancellationToken.None);
                StepTime += Stopwatch.GetElapsedTime(start);
                progress.Add(step);
                line.Report(trainer.CompletedSteps, "steps", string.Create(CultureInfo.InvariantCulture,
                    $"epoch {progress.ClosedEpochs + 1}  loss {step.Loss:F4}  lr {step.LearningRate:G3}"));
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            CopyWeights();
            Save();
            line.Line($"stopped at step {trainer.CompletedSteps}; go on with: sunet train --resume {files.Folder}");
            throw;
        }
    }

    private bool EpochEnds => progress.LossCount > 0
        && (trainer.CompletedSteps % trainer.StepsPerEpoch == 0 || trainer.CompletedSteps >= Steps);

    /// <summary>
    /// Whether the last epoch was validated and the run has waited for a better score long enough. It follows from what is saved, so it is
    /// the same on resume.
    /// </summary>
    private bool IsOutOfPatience => Patience > 0 && progress.LossCount == 0 && progress.BestEpoch > 0
        && progress.ClosedEpochs - progress.BestEpoch >= Patience && !double.IsNaN(progress.Rows[^1].Scores[0]);

    private void CloseEpoch(ProgressLine line, CancellationToken cancellation)
    {
        int epoch = progress.ClosedEpochs + 1;
        bool isLast = trainer.CompletedSteps >= Steps;
        bool isSaved = isLast || epoch % SaveEvery == 0, isMeasured = isLast || epoch % ValidateEvery == 0;
        CopyWeights();
        if (isMeasured)
            trainer.ReleaseWorkingMemory();
        if (isMeasured && task.CalibrationBatches > 0)
            task.Calibrate(model, backend, done => Report(line, $"calibrating {done}/{task.CalibrationBatches}"), cancellation);
        Validation? validation = isMeasured ? Validate(line, cancellation) : null;
        IReadOnlyList<double> scores = validation?.Scores ?? [.. task.Metrics.Select(_ => double.NaN)];
        var row = new EpochRow(epoch, Seconds, progress.LossSum / progress.LossCount, scores, progress.LearningRate);
        bool isBest = progress.Close(row);
        line.Line(string.Create(CultureInfo.InvariantCulture, $"epoch {epoch}  step {trainer.CompletedSteps}/{Steps}  loss {row.Loss:F4}")
            + (validation is null ? "" : $"  {progress.Describe(scores)}{(isBest ? "  best" : "")}"));

        // The state comes last: whatever it says is done has its files on the medium.
        if (isBest)
            files.WriteWeights(files.Best, model, trainer.CompletedSteps, progress);
        files.WriteResults(progress);
        events.Write(epoch, row.Scalars(task.Metrics));

        // Pictures are those of the best weights, which are what the run is used for, and so is the score it is known by.
        if (isBest)
        {
            Best = validation!.Measures;
            validation.WritePictures(files);
            if (validation.MainPicture is { } picture)
                events.WritePicture(epoch, "val/pred", Path.Combine(files.Folder, picture));
        }

        if (isBest || isSaved || IsOutOfPatience)
            Save();
        if (IsOutOfPatience && !isLast)
            line.Line($"ended: no better {task.Metrics[0].Name} for {Patience} epochs");
    }

    private void CopyWeights()
    {
        if (UsesAverage)
            trainer.CopyAverageTo(model);
        else
            trainer.CopyTo(model);
    }

    private Validation Validate(ProgressLine line, CancellationToken cancellation)
    {
        Validation validation = task.Validate(
            model, backend, done => Report(line, $"validating {done}/{task.ValidationCount}"), cancellation);
        if (validation.Measures?.Result.Stages is { } stages)
            ValidationStages = ValidationStages?.Plus(stages) ?? stages;
        return validation;
    }

    private void Report(ProgressLine line, string what) => line.Report(trainer.CompletedSteps, "steps", what);

    /// <summary>Writes the model, whose weights are the trainer's or their average, and the trainer's state.</summary>
    private void Save()
    {
        files.WriteWeights(files.Last, model, trainer.CompletedSteps, progress);
        SaveState();
    }

    private void SaveState() => trainer.SaveState(files.State, progress.ToNotes(Seconds, data));

    private double Seconds => progress.EarlierSeconds + watch.Elapsed.TotalSeconds;
}
