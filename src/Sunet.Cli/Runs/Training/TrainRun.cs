using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Sunet.Cli.Output;
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
    /// <exception cref="SunetException">Something is wrong; what the run has saved so far is sound.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the state of the last whole step is saved.</exception>
    public static void Execute(TrainSettings settings, TrainRequest request, CommandOutput output, CancellationToken cancellation)
    {
        using RunLock? resumed = request is { Resume: { } earlier, DryRun: false } ? RunLock.Take(Path.GetFullPath(earlier)) : null;
        using OpenDevice device = DeviceSettings.Open(settings.Values);
        ITrainingTask task = OpenTask(settings, cancellation);
        StartingModel start = StartingModel.Create(settings, task, request.Resume is not null, output);
        SunetModel model = start.Model;
        SettingValues resolved = Resolve(settings, task, model.Spec, device);
        Print(resolved, [device.Line, start.Origin, .. Notes(settings, task)], request, output);

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

        string data = Fingerprint(task);
        string folder = request.Resume is null
            ? RunFolder.Create(settings.Project, settings.Name, settings.ExistOk)
            : Path.GetFullPath(request.Resume);
        using RunLock? begun = resumed is null ? RunLock.Take(folder) : null;
        var files = new TrainingFiles(folder, settings.Seed);
        files.CreateFolders();
        TrainingProgress progress = request.Resume is null
            ? new TrainingProgress(task.Metrics)
            : TrainingProgress.FromNotes(task.Metrics, trainer.Resume(files.State), data, folder);
        if (request.Resume is null)
            SettingsFile.Write(Path.Combine(folder, SettingsFile.FileName), resolved);

        var loop = new TrainingLoop(trainer, model, task, device.Backend, files, progress, data)
        {
            Steps = settings.Steps(stepsPerEpoch),
            ValidateEvery = settings.ValidateEvery,
            SaveEvery = settings.SaveEvery,
        };
        using ProgressLine line = output.StartProgress(loop.Steps, request.Quiet);
        loop.Run(line, cancellation);
        line.Dispose();
        PrintResult(progress, task, files, output);
        if (loop.StepTime > TimeSpan.Zero)
            output.Result($"training waited {Numbers.Percent(loader.TimeWaiting / loop.StepTime)} % of its time for data");
        output.Result($"run: {files.Folder}");
    }

    private static ITrainingTask OpenTask(TrainSettings settings, CancellationToken cancellation) => settings.Head == SunetHead.Classifier
        ? new ClassificationTask(settings.Values, cancellation)
        : new SegmentationTask(settings.Values, cancellation);

    private static SettingValues Resolve(TrainSettings settings, ITrainingTask task, SunetSpec spec, OpenDevice device)
    {
        SettingValues resolved = ModelSettings.Resolve(settings.Values, spec).With(
            ("data", Path.GetFullPath(settings.Data)),
            ("threads", device.Threads?.ToString(CultureInfo.InvariantCulture) ?? settings.Values.Text("threads")),
            ("device", device.Backend.Name),
            ("workers", task.Workers.ToString(CultureInfo.InvariantCulture)),
            ("final-lr-multiplier", Numbers.Exact(settings.FinalMultiplier)),
            ("project", Path.GetFullPath(settings.Project)));
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
        if (!request.DryRun)
            output.Progress("settings: " + string.Join(", ", resolved.Resolved().Select(s => $"{s.Name}={s.Value}")));
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
}
