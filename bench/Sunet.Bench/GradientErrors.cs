using Sunet.Data.Augmentation;
using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Reading;
using Sunet.Data.Loading;
using Sunet.Native.Backends;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Models;
using Sunet.Native.Tensors;
using Sunet.Native.Training;

namespace Sunet.Bench;

/// <summary>
/// <c>gradients DATA WEIGHTS BATCHES</c>: how far the gradients of a trained model are from those of direct sums in float32, in each
/// arithmetic of the CPU. Of one that is not trained they say nothing: batch-norm over a few pixels of noise makes any rounding large.
/// </summary>
internal static class GradientErrors
{
    public const string Verb = "gradients";

    private static readonly CpuOptions Exact = new() { Winograd = false, FuseNormalization = false };

    private static readonly (string Name, CpuOptions Options)[] Arithmetics =
    [
        ("float32", new()),
        ("bf16", new() { Precision = Precision.Bf16 }),
        ("bf16, no Winograd", new() { Precision = Precision.Bf16, Winograd = false }),
        ("bf16, no float16", new() { Precision = Precision.Bf16, Float16Products = false }),
    ];

    /// <summary>
    /// Prints, for each arithmetic, the relative L2 error over all batches and what the gradients are of the exact ones' size.
    /// </summary>
    public static void Write(string data, string weights, int batches, TextWriter output, CancellationToken cancellation)
    {
        SunetModel model = SunetModel.Load(weights);
        SegmentationDataset images = DatasetReader.Open(data, "train", cancellation);
        using var loader = new BatchLoader(images, new BatchLoaderSettings(4, new AugmentationSettings(240, 320)));
        var sums = new (double Error, double Product)[Arithmetics.Length];
        double size = 0;
        for (int batch = 0; batch < batches; batch++)
        {
            double[] exact = Gradient(model, loader, batch, Exact, cancellation);
            size += exact.Sum(v => v * v);
            for (int i = 0; i < Arithmetics.Length; i++)
            {
                double[] found = Gradient(model, loader, batch, Arithmetics[i].Options, cancellation);
                sums[i].Error += found.Zip(exact, (a, b) => (a - b) * (a - b)).Sum();
                sums[i].Product += found.Zip(exact, (a, b) => a * b).Sum();
            }
        }

        for (int i = 0; i < Arithmetics.Length; i++)
            output.WriteLine($"{Arithmetics[i].Name,-18} error {Math.Sqrt(sums[i].Error / size):E2}  size {sums[i].Product / size:F4}");
    }

    /// <summary>
    /// The gradients of all parameters, one after the other: a step without momentum and decay changes each parameter by its gradient,
    /// times the rate.
    /// </summary>
    private static double[] Gradient(
        SunetModel model, IBatchSource batches, int batch, CpuOptions arithmetic, CancellationToken cancellation)
    {
        // So large that little is lost of the difference.
        const double rate = 1000;
        var sgd = new SgdOptions { LearningRate = rate, Momentum = 0, WeightDecay = 0 };
        using var backend = new CpuBackend(arithmetic);
        using var trainer = new Trainer(model, new OneBatch(batches, batch), new TrainerOptions { Sgd = sgd }, backend);
        trainer.Step(cancellation);
        SunetModel after = SunetModel.Create(model.Spec);
        trainer.CopyTo(after);
        List<double> gradient = [];
        foreach (string name in model.Names.Where(model.IsParameter))
        {
            ReadOnlySpan<float> from = model.Read(name), to = after.Read(name);
            for (int i = 0; i < from.Length; i++)
                gradient.Add(((double)from[i] - to[i]) / rate);
        }

        return [.. gradient];
    }

    /// <summary>Gives one batch over and over; the source belongs to the caller.</summary>
    private sealed class OneBatch(IBatchSource source, int index) : IBatchSource
    {
        public Shape ImageShape => source.ImageShape;

        public int BatchesPerEpoch => 1;

        public TrainingBatch Read(long step, CancellationToken cancellation = default) => source.Read(index, cancellation);

        public void Return(TrainingBatch batch) => source.Return(batch);

        public void Dispose()
        {
            // The caller goes on reading from it.
        }
    }
}
