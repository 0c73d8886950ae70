using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Sunet.Cli.Output;
using Sunet.Cli.Runs.Reporting.Contents;
using Sunet.Cli.Settings;
using Sunet.Data.Loading;
using Sunet.Native;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Training;

namespace Sunet.Cli.Runs.Training;

/// <summary>What is asked of this process, beside the run's own settings.</summary>
/// <param name="Resume">The run folder to continue; null for a new one.</param>
/// <param name="DryRun">Whether to stop before training.</param>
/// <param name="Quiet">Whether to show no progress.</param>
internal sealed record TrainRequest(string? Resume, bool DryRun, bool Quiet);

/// <summary>Sets a training run up: data, model, plans and folder are all known to be good before the first step.</summary>
internal static class TrainRun
{
    /// <summary>Trains.</summary>
    /// <param name="values">The settings of the run, those of the recipe among them.</param>
    /// <param name="recipe">The recipe among them; null for none, and where a run goes on.</param>
    /// <param name="request">What is asked of this process.</param>
    /// <param name="output">Where everything that is said goes.</param>
    /// <param name="cancellation">Stops after the step that is made.</param>
    /// <exception cref="SunetException">Something is wrong; what the run has saved so far is sound.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the state of the last whole step is saved.</exception>
    public static void Execute(
        SettingValues values, Recipe? recipe, TrainRequest request, CommandOutput output, CancellationToken cancellation)
    {
        SunetHead head = TrainSettings.HeadFor(values);
        TrainSettings settings = TrainSettings.From(values, head, recipe);
        using RunLock? resumed = request is { Resume: { } earlier, DryRun: false } ? RunLock.Take(Path.GetFullPath(earlier)) : null;
        using OpenDevice device = DeviceSettings.Open(values);
        SegmentationSplits? splits = head == SunetHead.Segmenter ? SegmentationSplits.Open(values, cancellation) : null;
        bool chooses = splits is not null && request.Resume is null && DataDefaults.Apply(values, head, recipe);
        if (chooses)
            settings = TrainSettings.From(DataDefaults.Under(values, splits!.Training, device, cancellation), head, recipe);
        ITrainingTask task = splits is null
            ? new ClassificationTask(settings.Values, cancellation)
            : new SegmentationTask(settings.Values, splits, settings.LengthOn(splits.Training.Items.Count));
        settings = settings.WithClassWeights(task.ClassNames.Count, () => CountClasses(task, request.Quiet, output, cancellation));
        StartingModel start = StartingModel.Create(settings, task, request.Resume is not null, output);
        SunetModel model = start.Model;
        SettingValues resolved = Resolve(settings, task, model.Spec, device);
        string[] chosen = chooses ? [.. DataDefaults.Describe(settings.Values, splits!.Training)] : [];
        Print(resolved, [device.Line, start.Origin, .. chosen, .. Notes(settings, task)], request, output);

        output.Notes(task.DataNotes);
        output.Warnings(task.LabelDoubts(cancellation));
        using BatchLoader loader = task.OpenLoader();
        int stepsPerEpoch = Math.Max(1, loader.BatchesPerEpoch / settings.Trainer.Accumulate);
        TrainerOptions options = settings.Trainer with
        {
            Schedule = settings.Schedule(stepsPerEpoch),
            MemoryLimit = device.MemoryLimit(),
        };
        using var trainer = new Trainer(model, loader, options, device.Backend, cancellation);
        string memory = TrainingMemory.Check(trainer.Plan, model.Spec, task, device, cancellation);
        if (!request.Quiet || request.DryRun)
            output.Progress(memory);
        if (request.DryRun)
            return;

        Train(trainer, loader, new Prepared(settings, resolved, task, model, device), request, output, cancellation);
    }

    /// <summary>Trains what is prepared, in a run folder.</summary>
    private static void Train(
        Trainer trainer, BatchLoader loader, Prepared run, TrainRequest request, CommandOutput output, CancellationToken cancellation)
    {
        (TrainSettings settings, SettingValues resolved, ITrainingTask task, SunetModel model, OpenDevice device) = run;
        string data = Fingerprint(task);
        string folder = request.Resume is null
            ? RunFolder.Create(settings.Project, settings.Name, settings.ExistOk)
            : Path.GetFullPath(request.Resume);
        using RunLock? begun = request.Resume is null ? RunLock.Take(folder) : null;
        var files = new TrainingFiles(folder, settings.Seed);
        files.CreateFolders();
        TrainingProgress progress = request.Resume is null
            ? new TrainingProgress(task.Metrics)
            : TrainingProgress.FromNotes(task.Metrics, trainer.Resume(files.State), data, folder);
        if (request.Resume is null)
            SettingsFile.Write(Path.Combine(folder, SettingsFile.FileName), resolved);
        EnvironmentFile.Write(folder, device.Backend);

        var loop = new TrainingLoop(trainer, model, task, device.Backend, files, progress, data)
        {
            Steps = settings.Steps(trainer.StepsPerEpoch),
            ValidateEvery = settings.ValidateEvery,
            SaveEvery = settings.SaveEvery,
            Patience = settings.Patience,
            UsesAverage = settings.UsesAverage,
        };
        using ProgressLine line = output.StartProgress(loop.Steps, request.Quiet);
        loop.Run(line, cancellation);
        trainer.ReleaseWorkingMemory();
        string? report = progress.BestEpoch == 0 ? null : WriteReport(loop, task, device, files, line, output, cancellation);
        line.Dispose();
        PrintResult(progress, task, files, output);
        if (loop.StepTime > TimeSpan.Zero)
            output.Result($"training waited {Numbers.Percent(loader.TimeWaiting / loop.StepTime)} % of its time for data");
        if (loop.ValidationStages is { } stages)
            output.Result($"validation: {stages.Text}");
        if (report is not null)
            output.Result($"report: {report}");
        output.Result($"run: {files.Folder}");
    }

    private static ClassFrequencies CountClasses(ITrainingTask task, bool quiet, CommandOutput output, CancellationToken cancellation)
    {
        using ProgressLine line = output.StartProgress(task.TrainingImages.Count, quiet);
        return task.CountClasses(done => line.Report(done, "images counted", ""), cancellation);
    }

    /// <summary>Writes the report of a run that has ended; the run is none the worse where it cannot be written.</summary>
    /// <returns>The file; null where there is none.</returns>
    private static string? WriteReport(TrainingLoop loop, ITrainingTask task, OpenDevice device, TrainingFiles files, ProgressLine line,
        CommandOutput output, CancellationToken cancellation)
    {
        try
        {
            return task.WriteReport(files.Folder, loop.Best, device.Backend, done => line.Report(loop.Steps, "steps", done), cancellation);
        }
        catch (Exception failure) when (failure is SunetException or IOException or UnauthorizedAccessException or OutOfMemoryException)
        {
            line.Clear();
            output.Warnings([$"The run is complete, but its report was not written: {failure.Message} "
                + $"'sunet report {files.Folder}' makes it."]);
            return null;
        }
    }

    private static SettingValues Resolve(TrainSettings settings, ITrainingTask task, SunetSpec spec, OpenDevice device)
    {
        SettingValues resolved = ModelSettings.Resolve(settings.Values, spec).With(
            ("data", Path.GetFullPath(settings.Data)),
            ("threads", device.Threads?.ToString(CultureInfo.InvariantCulture) ?? settings.Values.Text("threads")),
            ("device", device.Backend.Name),
            ("workers", task.Workers.ToString(CultureInfo.InvariantCulture)),
            ("final-lr-multiplier", Numbers.Exact(settings.FinalMultiplier)),
            ("project", Path.GetFullPath(settings.Project)));
        if (task.Head == SunetHead.Segmenter)
            resolved = resolved.With(("calibrate", task.CalibrationBatches.ToString(CultureInfo.InvariantCulture)));
        if (settings.Weights is not null)
            resolved = resolved.With(("weights", Path.GetFullPath(settings.Weights)));
        if (settings.Epochs is { } epochs)
            resolved = resolved.With(("epochs", epochs.ToString(CultureInfo.InvariantCulture)));
        return resolved.Of(TrainSettings.RunSettingsOf(task.Head));
    }

    private static void Print(SettingValues resolved, IReadOnlyList<string> lines, TrainRequest request, CommandOutput output)
    {
        if (request.DryRun)
        {
            var table = new TextTable("setting", "value", "from");
            foreach ((string name, string value) in resolved.Resolved())
                table.Add(name, value, resolved.SourceOf(name).Word());
            output.Table(table);
        }

        if (request.Quiet)
            return;
        foreach (string line in lines)
            output.Progress(line);
    }

    private static IEnumerable<string> Notes(TrainSettings settings, ITrainingTask task)
    {
        if (settings.Recipe?.Advice(settings.Values) is { } advice)
            yield return advice;
        if (task.SharedCount is > 0 and var seen)
        {
            yield return $"note: {seen} of {task.ValidationCount} validation images are also trained on; "
                + "their scores say how well they are remembered";
        }
    }

    private static void PrintResult(TrainingProgress progress, ITrainingTask task, TrainingFiles files, CommandOutput output)
    {
        if (progress.Rows is [.., var last])
        {
            output.Result(string.Create(CultureInfo.InvariantCulture, $"epochs {last.Epoch}  loss {last.Loss:F4}  ")
                + progress.Describe(last.Scores));
        }

        output.Result(string.Create(CultureInfo.InvariantCulture,
            $"best {task.Metrics[0].Name} {progress.BestScore:F2} in epoch {progress.BestEpoch}: {files.Best}"));
    }

    /// <summary>What must be the same for batches to be the same: the images of the split, in order.</summary>
    private static string Fingerprint(ITrainingTask task)
    {
        string names = string.Join('\n', task.TrainingImages);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(names)));
    }

    /// <summary>What is known to be good before the first step.</summary>
    private sealed record Prepared(
        TrainSettings Settings, SettingValues Resolved, ITrainingTask Task, SunetModel Model, OpenDevice Device);
}
