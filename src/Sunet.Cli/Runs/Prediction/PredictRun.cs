using System.Globalization;
using CommunityToolkit.HighPerformance;
using Sunet.Cli.Output;
using Sunet.Cli.Settings;
using Sunet.Data.Datasets.Labels;
using Sunet.Data.Images;
using Sunet.Data.Reporting;
using Sunet.Native;
using Sunet.Native.Inference;
using Sunet.Native.Models;
using Sunet.Native.Tensors;

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

    /// <summary>The most pixels of an image.</summary>
    public long PixelCap { get; } = DecodingSettings.PixelCapOf(Values);

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

/// <summary>Segments images one by one.</summary>
internal static class PredictRun
{
    /// <summary>Segments every image that can be read.</summary>
    /// <returns>The exit code: that of a data failure if an image could not be read.</returns>
    /// <exception cref="SunetException">The checkpoint is no good, there is nothing to segment, or results cannot be written.</exception>
    public static int Execute(PredictSettings settings, CommandOutput output, CancellationToken cancellation)
    {
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
        using var buffers = new PredictionBuffers();
        var results = new List<PredictedImage>();
        using (ProgressLine line = output.StartProgress(images.Count, settings.Quiet))
        {
            try
            {
                foreach ((string image, string name) in images.Zip(names))
                {
                    cancellation.ThrowIfCancellationRequested();
                    results.Add(Predict(predictor, mapper, buffers, image, Path.Combine(folder, name), settings, cancellation));
                    if (results[^1].Problem is { } problem)
                    {
                        line.Clear();
                        output.Error(problem);
                    }

                    line.Report(results.Count, "images", name);
                }
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                line.Line(string.Create(CultureInfo.InvariantCulture, $"stopped after {results.Count} of ")
                    + $"{Counted.Text(images.Count, "images")}; results: {folder}");
                throw;
            }
        }

        int failed = results.Count(result => result.Problem is not null);
        if (settings.Json)
            output.Json(json => PredictedImage.WriteAll(json, settings.Weights, folder, model.Spec, results));
        else
            output.Result($"images {images.Count - failed}  failed {failed}  results: {folder}");
        return failed == 0 ? ExitCodes.Success : ExitCodes.Data;
    }

    /// <summary>Segments an image. One that cannot be read is a result too, and does not keep the others from being segmented.</summary>
    private static PredictedImage Predict(Predictor predictor, ActivationMapper? mapper, PredictionBuffers buffers, string source,
        string path, PredictSettings settings, CancellationToken cancellation)
    {
        Memory2D<Rgb> image;
        try
        {
            image = buffers.Load(source, settings.PixelCap);
        }
        catch (DataException failure)
        {
            return new PredictedImage(source, 0, 0, [], [], failure.Message);
        }

        long[] pixels = Write(predictor, mapper, buffers, image, path, settings, cancellation);
        return new PredictedImage(
            source, image.Height, image.Width, [.. settings.Endings.Select(ending => path + ending)], pixels, Problem: null);
    }

    /// <summary>Segments an image and writes all that is asked for.</summary>
    /// <returns>How many pixels are of each class.</returns>
    private static long[] Write(Predictor predictor, ActivationMapper? mapper, PredictionBuffers buffers, Memory2D<Rgb> image,
        string path, PredictSettings settings, CancellationToken cancellation)
    {
        var labels = new byte[image.Height, image.Width];
        if (settings.Probabilities)
        {
            int classes = predictor.Model.Spec.Classes;
            var probabilities = new float[new Shape(classes, image.Height, image.Width).ArrayLength];
            predictor.Probabilities(image.Span, probabilities, cancellation: cancellation);
            NpyFile.Write(path + PredictSettings.ProbabilitiesEnding, [classes, image.Height, image.Width], probabilities);
        }

        predictor.Segment(image.Span, labels, cancellation: cancellation);
        var pixels = new long[predictor.Model.Spec.Classes];
        foreach (byte label in labels)
            pixels[label]++;
        settings.Submission?.Renumber(labels);
        buffers.Labels.Write(path + PredictSettings.LabelsEnding, labels);
        if (settings.Submission is not null)
            return pixels;
        IReadOnlyList<string> names = predictor.Model.Spec.ClassNames;
        ClassColours colours = ClassPalette.Of(names);
        if (settings.Legend)
            LegendOverlay.Write(path + PredictSettings.OverlayEnding, image.Span, labels, names, colours);
        else if (settings.Overlay)
            buffers.Overlay.Write(path + PredictSettings.OverlayEnding, image.Span, labels, colours);
        if (mapper is null)
            return pixels;
        IReadOnlyList<ActivationMap> maps = mapper.Compute(image.Span, cancellation);
        ActivationChart.Write(path + PredictSettings.ActivationsEnding, image.Span, labels, colours, maps);
        return pixels;
    }
}
