using CommunityToolkit.HighPerformance;
using Sunet.Data.Augmentation;
using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Reading;
using Sunet.Data.Images;
using Sunet.Data.Loading;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Inference;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;
using Sunet.Native.Training;

namespace Sunet.Data.Tests.Facade;

/// <summary>The README's code, between markers; a test holds the two texts equal and runs them.</summary>
internal static class ReadmeSnippets
{
    public static void Segment(string weights, string photo)
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

    public static void Train(string data, string weights, int steps, CancellationToken cancellation)
    {
        // snippet: train
        SegmentationDataset images = DatasetReader.Open(data, "train", cancellation);
        var crops = new BatchLoaderSettings(BatchSize: 4, new AugmentationSettings(64, 64));
        using var batches = new BatchLoader(images, crops);

        SunetModel model = SunetModel.Create(new SunetSpec
        {
            Config = new SunetConfig("custom", Filters: 16, Depth: 1, Widths: [32, 48, 64, 64]),
            Head = SunetHead.Segmenter,
            Classes = images.ClassCount,
            ClassNames = images.ClassNames,
            OutputStride = 8,
        });
        var options = new TrainerOptions { Sgd = new SgdOptions { LearningRate = 0.05 }, Schedule = LearningRateSchedule.Cosine(steps) };

        using var backend = new CpuBackend();
        using var trainer = new Trainer(model, batches, options, backend);
        while (trainer.CompletedSteps < steps)
            Console.WriteLine($"{trainer.Step(cancellation).Loss:F4}");
        trainer.CopyTo(model);
        model.Save(weights);
        // end
    }
}
