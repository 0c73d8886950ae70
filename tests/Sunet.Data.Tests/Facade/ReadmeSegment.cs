using CommunityToolkit.HighPerformance;
using Sunet.Data.Images;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Inference;
using Sunet.Native.Models;
using Sunet.Native.Tensors;

namespace Sunet.Data.Tests.Facade;

/// <summary>A snippet of the README between markers, with its using directives. A test holds the two texts equal and runs it.</summary>
internal static class ReadmeSegment
{
    public static void Run(string weights, string photo)
    {
        // snippet: segment
        using var backend = new CpuBackend();
        SunetModel model = SunetModel.Load(weights);
        var options = new PredictorOptions { Scales = [0.75, 1.0, 1.25], Flip = true };
        using var predictor = new Predictor(model, options, backend);

        Memory2D<Rgb> image = ImageFile.Load(photo);
        var labels = new byte[image.Height, image.Width];
        predictor.Segment(image.Span, labels);

        IndexPngWriter.Write(photo + ".labels.png", labels);
        ImageWriter.WritePng(photo + ".overlay.png", Overlay.Blend(image.Span, labels).Span);
        // end
    }
}
