using System.Collections.Concurrent;
using CommunityToolkit.HighPerformance;
using Sunet.Cli.Runs.Streaming;
using Sunet.Data.Datasets.Labels;
using Sunet.Data.Images;
using Sunet.Data.Reporting;
using Sunet.Native.Backends;
using Sunet.Native.Inference;
using Sunet.Native.Inference.Streams;

namespace Sunet.Cli.Runs.Prediction;

/// <summary>Segments streams of images for the files that are wanted, and writes those; any number of images at a time.</summary>
/// <param name="predictor">Of the model.</param>
/// <param name="mapper">Draws activations; null where none are wanted.</param>
/// <param name="settings">What to write.</param>
internal sealed class ResultFiles(Predictor predictor, ActivationMapper? mapper, PredictSettings settings) : IDisposable
{
    private readonly ResultEncoders encoders = new();
    private readonly ConcurrentDictionary<ImageRequest, float[]> probabilities = new();
    private readonly ClassColours colours = ClassPalette.Of(predictor.Model.Spec.ClassNames);

    /// <summary>How many images the device has in hand: one where probabilities are wanted, else as many as it likes.</summary>
    public BatchingHint Batching => settings.Probabilities ? new BatchingHint(1, 1) : predictor.Batching;

    /// <summary>Labels the images of a stream, whose files are written afterwards.</summary>
    public IAsyncEnumerable<ImageResult> Segment(
        IAsyncEnumerable<ImageRequest> stream, StreamOptions options, CancellationToken cancellation) => settings.Probabilities
            ? ProbabilityStream.Run(predictor, stream, options.Watch, (image, found) => probabilities[image] = found, cancellation)
            : predictor.SegmentMany(stream, options, cancellation);

    /// <summary>Writes all that is asked for of an image.</summary>
    /// <param name="image">The image with its labels, which are renumbered for a submission.</param>
    /// <param name="path">Where its files go, without the ends of their names.</param>
    /// <returns>How many pixels are of each class.</returns>
    public long[] Write(PipelineImage image, string path)
    {
        Span2D<byte> labels = image.Prediction.Span;
        if (probabilities.TryRemove(image.Request, out float[]? map))
        {
            NpyFile.Write(path + PredictSettings.ProbabilitiesEnding,
                [predictor.Model.Spec.Classes, labels.Height, labels.Width], map);
        }

        var pixels = new long[predictor.Model.Spec.Classes];
        foreach (byte label in labels)
            pixels[label]++;
        settings.Submission?.Renumber(labels);
        encoders.Use((maps, overlays) =>
        {
            maps.Write(path + PredictSettings.LabelsEnding, image.Prediction.Span);
            if (settings is { Submission: null, Overlay: true, Legend: false })
                overlays.Write(path + PredictSettings.OverlayEnding, image.Pixels.Span, image.Prediction.Span, colours);
        });
        if (settings.Submission is null)
            Draw(image, path);
        return pixels;
    }

    /// <summary>Frees what files were encoded with.</summary>
    public void Dispose() => encoders.Dispose();

    /// <summary>Draws what is drawn with letters.</summary>
    private void Draw(PipelineImage image, string path)
    {
        Span2D<byte> labels = image.Prediction.Span;
        if (settings.Legend)
        {
            LegendOverlay.Write(
                path + PredictSettings.OverlayEnding, image.Pixels.Span, labels, predictor.Model.Spec.ClassNames, colours);
        }

        if (mapper is null)
            return;
        IReadOnlyList<ActivationMap> maps = mapper.Compute(image.Pixels.Span);
        ActivationChart.Write(path + PredictSettings.ActivationsEnding, image.Pixels.Span, labels, colours, maps);
    }
}
