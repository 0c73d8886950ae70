using Sunet.Cli.Runs.Streaming;
using Sunet.Data.Images;
using Sunet.Native;

namespace Sunet.Cli.Runs.Prediction;

/// <summary>Segments images and writes what comes of them; images are decoded and results written while others are segmented.</summary>
/// <param name="files">Segments and writes.</param>
/// <param name="settings">What to write.</param>
/// <param name="images">The files.</param>
/// <param name="paths">Where each image's results go, without the ends of their names.</param>
internal sealed class ImagePrediction(
    ResultFiles files, PredictSettings settings, IReadOnlyList<string> images, IReadOnlyList<string> paths)
{
    private readonly PredictedImage?[] results = new PredictedImage?[images.Count];
    private readonly Lock reporting = new();

    /// <summary>What came of the images that were finished, in their order.</summary>
    public IReadOnlyList<PredictedImage> Results => [.. results.OfType<PredictedImage>()];

    /// <summary>Segments all images. One that cannot be read is a result, too, and does not keep the others from being segmented.</summary>
    /// <param name="report">Told of every image that is finished, one at a time.</param>
    /// <param name="cancellation">Begins no more images.</param>
    /// <returns>How long each stage was the limit.</returns>
    public StageTimes Run(Action<PredictedImage> report, CancellationToken cancellation)
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
            files.Segment, ImagePipeline.OnPool(Decode), image => Note(image.Index, Write(image)), parallel: true)
        {
            Workers = settings.Workers,
        };
        return pipeline.Run(images.Count, files.Batching, cancellation);
    }

    private PredictedImage Write(PipelineImage image)
    {
        string path = paths[image.Index];
        long[] pixels = files.Write(image, path);
        return new PredictedImage(images[image.Index], image.Prediction.Height, image.Prediction.Width,
            [.. settings.Endings.Select(ending => path + ending)], pixels, Problem: null);
    }
}
