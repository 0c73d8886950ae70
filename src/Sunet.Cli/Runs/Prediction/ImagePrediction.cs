using System.Collections.Concurrent;
using CommunityToolkit.HighPerformance;
using Sunet.Cli.Runs.Streaming;
using Sunet.Data.Datasets.Labels;
using Sunet.Data.Images;
using Sunet.Data.Reporting;
using Sunet.Native;
using Sunet.Native.Inference;
using Sunet.Native.Inference.Streams;

namespace Sunet.Cli.Runs.Prediction;

/// <summary>Segments images and writes what comes of them; images are decoded and results written while others are segmented.</summary>
/// <param name="predictor">Of the model.</param>
/// <param name="mapper">Draws activations; null where none are wanted.</param>
/// <param name="settings">What to write.</param>
/// <param name="images">The files.</param>
/// <param name="paths">Where each image's results go, without the ends of their names.</param>
internal sealed class ImagePrediction(
    Predictor predictor, ActivationMapper? mapper, PredictSettings settings, IReadOnlyList<string> images, IReadOnlyList<string> paths)
    : IDisposable
{
    private readonly ResultEncoders encoders = new();
    private readonly PredictedImage?[] results = new PredictedImage?[images.Count];
    private readonly ConcurrentDictionary<ImageRequest, float[]> probabilities = new();
    private readonly ClassColours colours = ClassPalette.Of(predictor.Model.Spec.ClassNames);
    private readonly Lock reporting = new();

    /// <summary>What came of the images that were finished, in their order.</summary>
    public IReadOnlyList<PredictedImage> Results => [.. results.OfType<PredictedImage>()];

    /// <summary>Segments all images. One that cannot be read is a result, too, and does not keep the others from being segmented.</summary>
    /// <param name="report">Told of every image that is finished, one at a time.</param>
    /// <param name="cancellation">Begins no more images.</param>
    public void Run(Action<PredictedImage> report, CancellationToken cancellation)
    {
        void Note(int index, PredictedImage result)
        {
            lock (reporting)
            {
                results[index] = result;
                report(result);
            }
        }

        bool Decode(PipelineImage image)
        {
            string source = images[image.Index];
            try
            {
                image.Decoded(ImageFile.Load(source, settings.PixelCap, image.Buffers.Scratch, image.Buffers.Image));
                return true;
            }
            catch (DataException failure)
            {
                Note(image.Index, new PredictedImage(source, 0, 0, [], [], failure.Message));
                return false;
            }
        }

        var pipeline = new ImagePipeline(
            Segment, Decode, image => Note(image.Index, Write(image)), parallel: true) { Workers = settings.Workers };
        pipeline.Run(images.Count, predictor.Batching, cancellation);
    }

    /// <summary>Frees what results were encoded with.</summary>
    public void Dispose() => encoders.Dispose();

    private IAsyncEnumerable<ImageResult> Segment(IAsyncEnumerable<ImageRequest> stream, CancellationToken cancellation) =>
        settings.Probabilities
            ? ProbabilityStream.Run(predictor, stream, (image, found) => probabilities[image] = found, cancellation)
            : predictor.SegmentMany(stream, ImagePipeline.StreamOptions, cancellation);

    /// <summary>Writes all that is asked for of an image.</summary>
    private PredictedImage Write(PipelineImage image)
    {
        string path = paths[image.Index];
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
        return new PredictedImage(images[image.Index], labels.Height, labels.Width,
            [.. settings.Endings.Select(ending => path + ending)], pixels, Problem: null);
    }

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
