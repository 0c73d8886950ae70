using System.Runtime.CompilerServices;
using Sunet.Native.Inference;
using Sunet.Native.Inference.Streams;
using Sunet.Native.Tensors;

namespace Sunet.Cli.Runs.Streaming;

/// <summary>Segments images one after the other with their class probabilities, from which the labels follow.</summary>
internal static class ProbabilityStream
{
    /// <summary>Labels the images of a stream.</summary>
    /// <param name="predictor">Of the model.</param>
    /// <param name="images">The images.</param>
    /// <param name="watch">Told when an image runs; null where nobody asks.</param>
    /// <param name="take">Given the probabilities of an image, [classes, H, W], before its result comes; they are its own.</param>
    /// <param name="cancellation">Stops before the next run of the network.</param>
    public static async IAsyncEnumerable<ImageResult> Run(Predictor predictor, IAsyncEnumerable<ImageRequest> images, IStreamWatch? watch,
        Action<ImageRequest, float[]> take, [EnumeratorCancellation] CancellationToken cancellation)
    {
        int classes = predictor.Model.Spec.Classes;
        long index = 0;
        await foreach (ImageRequest image in images.WithCancellation(cancellation).ConfigureAwait(false))
        {
            (int height, int width) = (image.Image.Height, image.Image.Width);
            var probabilities = new float[new Shape(classes, height, width).ArrayLength];
            watch?.BatchBegins();
            predictor.Probabilities(image.Image.Span, probabilities, cancellation: cancellation);
            for (int y = 0; y < height; y++)
                Pixels.ArgMax(probabilities.AsSpan(y * width), height * width, classes, image.Labels.Span.GetRowSpan(y));
            watch?.BatchEnds();
            take(image, probabilities);
            yield return new ImageResult(image, index++, null);
        }
    }
}
