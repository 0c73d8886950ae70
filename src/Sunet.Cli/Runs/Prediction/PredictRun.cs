using System.Diagnostics;
using System.Globalization;
using Sunet.Cli.Output;
using Sunet.Cli.Runs.Streaming;
using Sunet.Cli.Settings;
using Sunet.Data.Images;
using Sunet.Native;
using Sunet.Native.Inference;
using Sunet.Native.Models;

namespace Sunet.Cli.Runs.Prediction;

/// <summary>What to segment, and what to write.</summary>
internal sealed record PredictSettings(
    SettingValues Values, string Weights, string Source, PredictorOptions Predictor, int? OutputStride, bool Probabilities, bool Overlay,
    bool Legend, bool Activations, Submission? Submission, string Project, string Name, bool ExistOk, bool Json,
    bool Quiet)
{
    /// <summary>The ends of the names of a label map, of probabilities, of an overlay and of a chart of activations.</summary>
    public const string LabelsEnding = ".png", ProbabilitiesEnding = ".npy",
        OverlayEnding = "_overlay.jpg", ActivationsEnding = "_activations.png";

    /// <summary>How many images are decoded at a time.</summary>
    public int Workers { get; } = DecodingSettings.WorkersOf(Values);

    /// <summary>The most pixels of an image.</summary>
    public long PixelCap { get; } = DecodingSettings.PixelCapOf(Values);

    /// <summary>The raw frames on standard input; null where images are in files.</summary>
    public FrameSettings? Frames { get; } = FrameSettings.From(Values);

    /// <summary>Reads the settings.</summary>
    /// <exception cref="ConfigurationException">One is missing or out of range.</exception>
    public static PredictSettings From(SettingValues values)
    {
        var settings = new PredictSettings(
            values, values.Text("weights"), values.Text("source"),
            PredictionSettings.Options(values), PredictionSettings.OutputStride(values),
            values.Flag("probabilities"), values.Flag("overlay"), values.Flag("legend"),
            values.Flag("activations"), Submission.From(values),
            values.Text("project"), values.Text("name"), values.Flag("exist-ok"), values.Flag("json"),
            values.Flag("quiet"));
        if (settings.Submission is not null && (settings.Legend || settings.Activations))
            throw new ConfigurationException("'--submission' writes label maps only; leave out '--legend' and '--activations'.");
        if (settings.Legend && !settings.Overlay)
            throw new ConfigurationException("'--legend' is drawn below the overlay; leave out '--no-overlay'.");
        return settings;
    }

    /// <summary>What the names of an image's results end with.</summary>
    public IReadOnlyList<string> Endings
    {
        get
        {
            List<string> endings = [LabelsEnding];
            if (Probabilities)
                endings.Add(ProbabilitiesEnding);
            if (Overlay && Submission is null)
                endings.Add(OverlayEnding);
            if (Activations)
                endings.Add(ActivationsEnding);
            return endings;
        }
    }
}

/// <summary>Segments the images of a source.</summary>
internal static class PredictRun
{
    /// <summary>Segments every image that can be read.</summary>
    /// <returns>The exit code: that of a data failure if an image could not be read.</returns>
    /// <exception cref="SunetException">The checkpoint is no good, there is nothing to segment, or results cannot be written.</exception>
    public static int Execute(PredictSettings settings, CommandOutput output, CancellationToken cancellation)
    {
        if (settings.Frames is { } frames)
            return FrameRun.Execute(settings, frames, output, cancellation);
        FoundImages found = ImageSources.Find(settings.Source);
        IReadOnlyList<string> images = found.Paths;
        IReadOnlyList<string> names = settings.Submission is { } wanted ? [.. images.Select(wanted.NameOf)] : ResultNames.Of(images);
        ResultNames.RequireDistinct(images, names, settings.Endings);
        using OpenDevice device = DeviceSettings.Open(settings.Values);
        using SunetModelFile model = ModelFile.OpenSegmenter(settings.Values, output, settings.OutputStride);
        settings.Submission?.RequireClasses(model.Spec.Classes, settings.Weights);
        string folder = RunFolder.Create(settings.Project, settings.Name, settings.ExistOk);
        folder = RunFolder.CreateWithin(folder, settings.Submission?.Folder ?? "");
        ResultNames.RequireImagesKept(images, names, settings.Endings, folder);
        foreach (string below in names.Select(name => Path.GetDirectoryName(name) ?? "").Distinct(StringComparer.Ordinal))
            RunFolder.CreateWithin(folder, below);
        if (!settings.Quiet)
        {
            output.Progress(device.Line);
            if (found.Note is { } note)
                output.Progress(note);
        }

        using var predictor = new Predictor(model, settings.Predictor, device.Backend);
        using ActivationMapper? mapper = settings.Activations ? new ActivationMapper(model, device.Backend) : null;
        using var files = new ResultFiles(predictor, mapper, settings);
        var work = new ImagePrediction(files, settings, images, [.. names.Select(name => Path.Combine(folder, name))]);
        long start = Stopwatch.GetTimestamp();
        StageTimes stages;
        using (ProgressLine line = output.StartProgress(images.Count, settings.Quiet))
        {
            int done = 0;
            try
            {
                stages = work.Run(predictor.Batching, image =>
                {
                    if (image.Problem is { } problem)
                    {
                        line.Clear();
                        output.Error(problem);
                    }

                    line.Report(++done, "images", Path.GetFileName(image.Source));
                }, cancellation);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                line.Line(string.Create(CultureInfo.InvariantCulture, $"stopped after {done} of ")
                    + $"{Counted.Text(images.Count, "images")}; results: {folder}");
                throw;
            }
        }

        IReadOnlyList<PredictedImage> results = work.Results;
        int failed = results.Count(result => result.Problem is not null);
        double rate = (results.Count - failed) / Stopwatch.GetElapsedTime(start).TotalSeconds;
        if (!settings.Quiet && failed < results.Count)
            output.Progress($"{Numbers.Fixed(rate, 2)} images/s; {stages.Text}");
        if (settings.Json)
        {
            output.Json(json =>
            {
                PredictedImage.WriteAll(json, settings.Weights, folder, model.Spec, results);
                json.WriteFinite("images_per_s", rate);
                stages.Write(json);
            });
        }
        else
            output.Result($"images {images.Count - failed}  failed {failed}  results: {folder}");
        return failed == 0 ? ExitCodes.Success : ExitCodes.Data;
    }
}
