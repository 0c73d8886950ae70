using Sunet.Data.Augmentation;
using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Reading;
using Sunet.Data.Loading;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Training;

namespace Sunet.Data.Tests.Facade;

/// <summary>A snippet of the README between markers, with its using directives. A test holds the two texts equal and runs it.</summary>
internal static class ReadmeTrain
{
    public static void Run(string data, string weights, int steps, CancellationToken cancellation)
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
