using CommunityToolkit.HighPerformance;
using Sunet.Cli.Output;
using Sunet.Cli.Runs.Training;
using Sunet.Cli.Settings;
using Sunet.Data.Images;
using Sunet.Data.Reporting;
using Sunet.Native;
using Sunet.Native.Checkpoints;
using Sunet.Native.Inference;
using Sunet.Native.Models;
using Sunet.Native.Tensors;

namespace Sunet.Cli.Runs.Prediction;

/// <summary>What to segment, and what to write.</summary>
internal sealed record PredictSettings(
    SettingValues Values, string Weights, string Source, PredictorOptions Predictor, int? OutputStride, bool Probabilities, bool Overlay,
    bool Legend, bool Activations, Submission? Submission, string Project, string Name, bool ExistOk, bool Quiet)
{
    /// <summary>Reads the settings.</summary>
    /// <exception cref="ConfigurationException">One is missing or out of range.</exception>
    public static PredictSettings From(SettingValues values)
    {
        var settings = new PredictSettings(
            values, values.Text("weights"), values.Text("source"), PredictionSettings.Options(values), PredictionSettings.OutputStride(values),
            values.Flag("probabilities"), values.Flag("overlay"), values.Flag("legend"), values.Flag("activations"), Submission.From(values),
            values.Text("project"), values.Text("name"), values.Flag("exist-ok"), values.Flag("quiet"));
        if (settings.Submission is not null && (settings.Legend || settings.Activations))
            throw new ConfigurationException("'--submission' writes label maps only; leave out '--legend' and '--activations'.");
        if (settings.Legend && !settings.Overlay)
            throw new ConfigurationException("'--legend' is drawn below the overlay; leave out '--no-overlay'.");
        return settings;
    }
}

/// <summary>Segments images one by one.</summary>
internal static class PredictRun
{
    /// <summary>Segments every image that can be read.</summary>
    /// <returns>The exit code: that of a data failure if an image could not be read.</returns>
    /// <exception cref="SunetException">The checkpoint is no good, there is nothing to segment, or results cannot be written.</exception>
    public static int Execute(PredictSettings settings, CommandOutput output, CancellationToken cancellation)
    {
        IReadOnlyList<(string Path, string Name)> sources = ImageSources.Find(settings.Source);
        if (settings.Submission is { } wanted)
            sources = [.. sources.Select(s => (s.Path, wanted.NameOf(s.Path)))];
        using OpenDevice device = DeviceSettings.Open(settings.Values);
        using SunetModelFile model = ModelFile.OpenSegmenter(settings.Weights, settings.OutputStride);
        settings.Submission?.RequireClasses(model.Spec.Classes, settings.Weights);
        string folder = RunFolder.Create(settings.Project, settings.Name, settings.ExistOk);
        if (settings.Submission is { } submission)
        {
            folder = Path.Combine(folder, submission.Folder);
            DurableFile.CreateFolder(folder);
        }

        if (!settings.Quiet)
            output.Progress(device.Line);

        using var predictor = new Predictor(model, settings.Predictor, device.Backend);
        using ActivationMapper? mapper = settings.Activations ? new ActivationMapper(model, device.Backend) : null;
        using ProgressLine line = output.StartProgress(sources.Count, settings.Quiet);
        int failed = 0;
        for (int i = 0; i < sources.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            if (TryLoad(sources[i].Path, output) is { } image)
                Write(predictor, mapper, image, Path.Combine(folder, sources[i].Name), settings, cancellation);
            else
                failed++;
            line.Report(i + 1, "images", sources[i].Name);
        }

        line.Dispose();
        output.Result($"images {sources.Count - failed}  failed {failed}  results: {folder}");
        return failed == 0 ? ExitCodes.Success : ExitCodes.Data;
    }

    /// <summary>One image that cannot be read is reported and does not keep the others from being segmented.</summary>
    private static Memory2D<Rgb>? TryLoad(string path, CommandOutput output)
    {
        try
        {
            return ImageFile.Load(path);
        }
        catch (DataException failure)
        {
            output.Error(failure.Message);
            return null;
        }
    }

    private static void Write(Predictor predictor, ActivationMapper? mapper, Memory2D<Rgb> image, string path, PredictSettings settings,
        CancellationToken cancellation)
    {
        var labels = new byte[image.Height, image.Width];
        if (settings.Probabilities)
        {
            int classes = predictor.Model.Spec.Classes;
            var probabilities = new float[new Shape(classes, image.Height, image.Width).ArrayLength];
            predictor.Probabilities(image.Span, probabilities, cancellation: cancellation);
            NpyFile.Write(path + ".npy", [classes, image.Height, image.Width], probabilities);
        }

        predictor.Segment(image.Span, labels, cancellation: cancellation);
        settings.Submission?.Renumber(labels);
        IndexPngWriter.Write(path + ".png", labels);
        if (settings.Submission is not null)
            return;
        if (settings.Legend)
            LegendOverlay.Write(path + "_overlay.jpg", image.Span, labels, predictor.Model.Spec.ClassNames);
        else if (settings.Overlay)
            ImageWriter.WriteJpeg(path + "_overlay.jpg", Overlay.Blend(image.Span, labels).Span);
        if (mapper is not null)
            ActivationChart.Write(path + "_activations.png", image.Span, labels, mapper.Compute(image.Span, cancellation));
    }
}
