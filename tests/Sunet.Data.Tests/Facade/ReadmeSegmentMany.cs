using CommunityToolkit.HighPerformance;
using Sunet.Data.Images;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Inference;
using Sunet.Native.Inference.Streams;
using Sunet.Native.Models;
using Sunet.Native.Tensors;

namespace Sunet.Data.Tests.Facade;

/// <summary>A snippet of the README between markers, with its using directives. A test holds the two texts equal and runs it.</summary>
internal static class ReadmeSegmentMany
{
    public static async Task Run(string weights, string folder)
    {
        // snippet: segment-many
        using var backend = new CpuBackend();
        using var predictor = new Predictor(SunetModel.Load(weights), new PredictorOptions(), backend);

        async IAsyncEnumerable<ImageRequest> Photographs()
        {
            foreach (string file in Directory.EnumerateFiles(folder, "*.jpg"))
            {
                Memory2D<Rgb> image = await Task.Run(() => ImageFile.Load(file));
                yield return new ImageRequest { Image = image, Labels = new byte[image.Height, image.Width], Tag = file };
            }
        }

        await foreach (ImageResult result in predictor.SegmentMany(Photographs()))
        {
            result.ThrowIfFailed();
            IndexPngWriter.Write($"{result.Request.Tag}.png", result.Request.Labels.Span);
        }
        // end
    }
}
