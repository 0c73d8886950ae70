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
                stages = work.Run(image =>
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
