using System.Runtime.CompilerServices;
using CommunityToolkit.HighPerformance;
using Sunet.Native.Inference;
using Sunet.Native.Inference.Streams;
using Sunet.Native.Tensors;

namespace Sunet.Native.Tests.Inference.Streams;

/// <summary>Images of several sizes as a stream, and their labels from one call each.</summary>
internal static class StreamImages
{
    /// <summary>So many images, size after size in turn.</summary>
    public static ImageRequest[] Make(int count, params (int H, int W)[] sizes) =>
    [
        .. Enumerable.Range(0, count).Select(i =>
        {
            (int height, int width) = sizes[i % sizes.Length];
            return Request(CountTests.Image(height, width, seed: i));
        }),
    ];

    public static ImageRequest Request(Rgb[,] image) =>
        new() { Image = image, Labels = new byte[image.GetLength(0), image.GetLength(1)] };

    /// <summary>The labels that <see cref="Predictor.Segment"/> gives, image by image.</summary>
    public static byte[][] Alone(Predictor predictor, IEnumerable<ImageRequest> images) =>
    [
        .. images.Select(image =>
        {
            var labels = new byte[image.Image.Height, image.Image.Width];
            predictor.Segment(image.Image.Span, labels);
            return labels.Cast<byte>().ToArray();
        }),
    ];

    public static byte[] Labels(ImageRequest image) => image.Labels.ToArray().Cast<byte>().ToArray();

    /// <summary>The images, each told to an observer when it is taken.</summary>
    public static async IAsyncEnumerable<ImageRequest> Stream(
        IEnumerable<ImageRequest> images, Action<int>? taken = null, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        int count = 0;
        foreach (ImageRequest image in images)
        {
            cancellation.ThrowIfCancellationRequested();
            taken?.Invoke(count++);
            yield return image;
        }

        await Task.CompletedTask;
    }

    /// <summary>The images again and again, for which nothing is allocated.</summary>
    public static async IAsyncEnumerable<ImageRequest> Again(ImageRequest[] images, int count)
    {
        for (int i = 0; i < count; i++)
            yield return images[i % images.Length];
        await Task.CompletedTask;
    }

    public static async Task<List<ImageResult>> All(IAsyncEnumerable<ImageResult> results)
    {
        var all = new List<ImageResult>();
        await foreach (ImageResult result in results)
            all.Add(result);
        return all;
    }
}
