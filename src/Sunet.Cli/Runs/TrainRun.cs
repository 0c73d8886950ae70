using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Sunet.Cli.Output;
using Sunet.Cli.Settings;
using Sunet.Data.Datasets;
using Sunet.Data.Loading;
using Sunet.Native;
using Sunet.Native.Compilation;
using Sunet.Native.Models;
using Sunet.Native.Tensors;
using Sunet.Native.Training;

namespace Sunet.Cli.Runs;

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
        using OpenDevice device = DeviceSettings.Open(settings.Values);
        IBackend backend = device.Backend;
        SegmentationDataset train = DatasetReader.Open(settings.Data, "train");
        SegmentationDataset validation = DatasetReader.Open(settings.Data, "val");
        SunetModel model = CreateModel(settings, train, request.Resume is not null);
        SettingValues resolved = Resolve(settings, model.Spec, device);
        Print(resolved, device.Line, request, output);

        using var loader = new BatchLoader(train, settings.Loader);
        long stepsPerEpoch = Math.Max(1, loader.BatchesPerEpoch / settings.Trainer.Accumulate);
        long steps = settings.Iterations ?? settings.Epochs!.Value * stepsPerEpoch;
        TrainerOptions options = settings.Trainer with { Schedule = settings.Schedule(steps), MemoryLimit = device.MemoryLimit() };
        using var trainer = new Trainer(model, loader, options, backend);
        PrintMemory(trainer.Plan.Memory, model.Spec, validation, device, request, output);
        if (request.DryRun)
            return;

        string data = Fingerprint(train);
        string folder = request.Resume is null
            ? RunFolder.Create(settings.Project, settings.Name, settings.ExistOk)
            : Path.GetFullPath(request.Resume);
        var files = new TrainingFiles(folder, settings.Seed);
        TrainingProgress progress = request.Resume is null
            ? new TrainingProgress()
            : TrainingProgress.FromNotes(trainer.Resume(files.State), data, folder);
        if (request.Resume is null)
            SettingsFile.Write(Path.Combine(folder, SettingsFile.FileName), resolved);

        var loop = new TrainingLoop(trainer, model, validation, backend, files, progress, data)
        {
            Steps = steps,
            ValidateEvery = settings.ValidateEvery,
            SaveEvery = settings.SaveEvery,
        };
        using ProgressLine line = output.StartProgress(steps, request.Quiet);
        loop.Run(line, cancellation);
        line.Dispose();
        PrintResult(progress, files, output);
    }

    private static SunetModel CreateModel(TrainSettings settings, SegmentationDataset data, bool resumes)
    {
        // A resumed run has all its weights in its state; the checkpoint it once began from need not be there any more.
        if (settings.Weights is null || resumes)
            return SunetModel.Create(ModelSettings.Segmenter(settings.Values, data.ClassNames), settings.Seed);

        SunetModel source = SunetModel.Load(settings.Weights);
        if (ModelSettings.BodyOrNull(settings.Values) is { } wanted && !wanted.SameBody(source.Spec.Config))
        {
            throw new CheckpointException(
                $"Checkpoint '{settings.Weights}' is a {source.Spec.Config.Name} and '--model' asks for another body, "
                + $"{settings.Values.Text("model")}; leave '--model' out to take the checkpoint's.", settings.Weights);
        }

        var spec = new SunetSpec
        {
            Config = source.Spec.Config,
            Head = SunetHead.Segmenter,
            Classes = data.ClassCount,
            ClassNames = data.ClassNames,
            OutputStride = ModelSettings.OutputStride(settings.Values),
            Multigrid = settings.Values.Flag("multigrid"),
            Degrid = settings.Values.Flag("degrid"),
            Normalization = source.Spec.Normalization,
        };
        return SunetModel.FineTune(source, spec.Validated(), settings.Seed);
    }

    private static SettingValues Resolve(TrainSettings settings, SunetSpec spec, OpenDevice device)
    {
        SettingValues resolved = ModelSettings.Resolve(settings.Values, spec).With(
            ("data", Path.GetFullPath(settings.Data)),
            ("threads", device.Threads?.ToString(CultureInfo.InvariantCulture) ?? settings.Values.Text("threads")),
            ("device", device.Backend.Name),
            ("workers", settings.Loader.Workers.ToString(CultureInfo.InvariantCulture)),
            ("final-lr-multiplier", Numbers.Exact(settings.FinalMultiplier)),
            ("project", Path.GetFullPath(settings.Project)));
        if (settings.Weights is not null)
            resolved = resolved.With(("weights", Path.GetFullPath(settings.Weights)));
        return settings.Epochs is { } epochs ? resolved.With(("epochs", epochs.ToString(CultureInfo.InvariantCulture))) : resolved;
    }

    private static void Print(SettingValues resolved, string device, TrainRequest request, CommandOutput output)
    {
        if (request.Quiet)
            return;
        output.Progress(device);
        output.Progress("settings: " + string.Join(", ", resolved.Resolved().Select(s => $"{s.Name}={s.Value}")));
    }

    private static void PrintMemory(
        MemoryPlan training, SunetSpec spec, SegmentationDataset validation, OpenDevice device, TrainRequest request, CommandOutput output)
    {
        (SegmentationItem _, int height, int width) = MaskSizes.Sorted(validation.Items).MaxBy(i => (long)i.Height * i.Width);
        height = Math.Max(height, SunetGraph.SmallestSize);
        width = Math.Max(width, SunetGraph.SmallestSize);
        SunetGraph network = SunetGraph.ForImages(spec, new Shape(1, 3, height, width));
        network.AppendConfusionCounts();
        var options = new PlanOptions { MemoryLimit = device.MemoryLimit(training.TotalBytes) };
        using Plan plan = Plan.Compile(network.Graph, device.Backend, options);
        if (request.Quiet && !request.DryRun)
            return;
        output.Progress(
            $"memory: training plan {Numbers.Grouped(training.TotalBytes)} bytes, validation plan {Numbers.Grouped(plan.Memory.TotalBytes)} bytes "
            + $"(images up to {height}x{width}), of {Numbers.Grouped(device.MemoryBytes)} there are");
    }

    private static void PrintResult(TrainingProgress progress, TrainingFiles files, CommandOutput output)
    {
        if (progress.Rows is [.., var last])
        {
            output.Result(string.Create(CultureInfo.InvariantCulture,
                $"epochs {last.Epoch}  loss {last.Loss:F4}  mIoU {last.MeanIoU:F2}  aAcc {last.PixelAccuracy:F2}  mAcc {last.MeanAccuracy:F2}"));
        }

        output.Result(string.Create(CultureInfo.InvariantCulture,
            $"best mIoU {progress.BestScore:F2} in epoch {progress.BestEpoch}: {files.Best}"));
        output.Result(Evaluation.Definition);
        output.Result($"run: {files.Folder}");
    }

    /// <summary>What must be the same for batches to be the same: the images of the split, in order.</summary>
    private static string Fingerprint(SegmentationDataset data)
    {
        string names = string.Join('\n', data.Items.Select(i => i.Name));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(names)));
    }
}
