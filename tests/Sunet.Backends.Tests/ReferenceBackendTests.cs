using CommunityToolkit.HighPerformance;
using Sunet.Native.Backends;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Inference;
using Sunet.Native.Inference.Streams;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;
using Sunet.Native.Training;

namespace Sunet.Backends.Tests;

/// <summary>
/// A backend from outside the assembly does all that the library asks of one. Both round every stored value to float32; the CPU also sums
/// in float32, up to some 5,000 products a sum, so that outputs of a few ten layers differ by some 1e-6 of their size. A gradient goes
/// through as many layers again and through batch-norms over 12 values a channel, which magnify what is left of a difference: some 1e-4.
/// Later steps magnify it further, so one update is compared.
/// </summary>
public sealed class ReferenceBackendTests : IDisposable
{
    private const double Forward = 1e-5, Update = 1e-3;
    private const int Classes = 5;

    private static readonly SunetSpec Spec = new()
    {
        Config = new SunetConfig("custom", Filters: 8, Depth: 1, [16, 24, 24, 32]) { StemWidth = 8, ResidualWidth = 16 },
        Head = SunetHead.Segmenter,
        Classes = Classes,
        OutputStride = 16,
    };

    private readonly string folder = Directory.CreateTempSubdirectory().FullName;
    private readonly ReferenceBackend reference = new();
    private readonly CpuBackend cpu = new(threads: 1);

    public void Dispose()
    {
        Directory.Delete(folder, recursive: true);
        cpu.Dispose();
    }

    [Fact]
    public void Predictor_ScalesAndFlip_GivesTheProbabilitiesOfTheCpu()
    {
        SunetModel model = SunetModel.Create(Spec, seed: 3);
        var image = new Rgb[32, 48];
        for (int i = 0; i < image.Length; i++)
            image[i / 48, i % 48] = new Rgb((byte)(7 * i), (byte)(11 * i), (byte)(13 * i));
        Assert.True(Distance(Map(model, image, cpu), Map(model, image, reference)) < Forward);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task SegmentMany_BackendWithoutStaging_GivesTheLabelsOfRgb(int batch)
    {
        using var predictor = new Predictor(SunetModel.Create(Spec, seed: 3), new PredictorOptions(), reference);
        var layout = new ImageLayout(32, 48, PixelFormat.Bgra, 200);
        var bytes = new byte[layout.Bytes];
        new Random(4).NextBytes(bytes);
        var image = new Rgb[32, 48];
        for (int i = 0; i < image.Length; i++)
        {
            int at = (i / 48 * 200) + (4 * (i % 48));
            image[i / 48, i % 48] = new Rgb(bytes[at + 2], bytes[at + 1], bytes[at]);
        }

        var expected = new byte[32, 48];
        predictor.Segment(image, expected);
        var labels = new Memory2D<byte>(new byte[32, 60]).Slice(0, 5, 32, 48);
        ImageRequest[] requests = [new(bytes, layout, labels), new() { Image = image, Labels = new byte[32, 48] }];
        await foreach (ImageResult result in predictor.SegmentMany(
            requests.ToAsyncEnumerable(), new StreamOptions { BatchSize = batch }, TestContext.Current.CancellationToken))
        {
            result.ThrowIfFailed();
            Assert.Equal(expected, result.Request.Labels.ToArray());
        }

        Assert.True(expected.Cast<byte>().Distinct().Count() > 1, "One label everywhere would agree with anything.");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Trainer_OneStep_MovesTheWeightsAsTheCpuDoes(int accumulate)
    {
        float[] start = Weights(SunetModel.Create(Spec, seed: 3));
        float[] expected = Train(cpu, accumulate, out double cpuLoss), found = Train(reference, accumulate, out double loss);
        Assert.InRange(Math.Abs(loss - cpuLoss) / cpuLoss, 0, Forward);
        Assert.InRange(Distance(Moved(start, expected), Moved(start, found)), 1e-12, Update);
    }

    [Fact]
    public void Trainer_LossIsNotFinite_IsToldWithTheLayerAndTheWeightsAreKept()
    {
        SunetModel model = SunetModel.Create(Spec, seed: 3);
        using var batches = new Batches { Poisoned = true };
        using var trainer = new Trainer(model, batches, Options(1), reference);
        DivergedException failure = Assert.Throws<DivergedException>(() => trainer.Step());
        Assert.Equal("image", failure.Tensor);
        SunetModel after = SunetModel.Create(Spec, seed: 4);
        trainer.CopyTo(after);
        Assert.Equal(Weights(model), Weights(after));
    }

    [Fact]
    public void Trainer_Resumed_IsTheSameToTheBit()
    {
        SunetModel model = SunetModel.Create(Spec, seed: 3);
        using var batches = new Batches();
        using var whole = new Trainer(model, batches, Options(1), reference);
        whole.Step();
        whole.SaveState(folder, new Dictionary<string, string>());
        whole.Step();
        using var resumed = new Trainer(model, batches, Options(1), reference);
        resumed.Resume(folder);
        resumed.Step();
        SunetModel a = SunetModel.Create(Spec), b = SunetModel.Create(Spec);
        whole.CopyTo(a);
        resumed.CopyTo(b);
        Assert.Equal(Weights(a), Weights(b));
    }

    [Fact]
    public void Plan_GraphOfOnesOwn_RunsWithLayersNamed()
    {
        var graph = new Graph();
        Value x = graph.Input("x", new Shape(1, 2, 2, 2));
        graph.MarkOutput(graph.Add(new Relu("relu", x)).Output);
        using Plan plan = Plan.Compile(graph, reference, new PlanOptions());
        plan.Write(x, (float[])[-1, 2, -3, 4, -5, 6, -7, 8]);
        plan.Run(Phase.Forward);
        var y = new float[8];
        plan.Read(graph.Outputs.Single(), y);
        Assert.Equal([0, 2, 0, 4, 0, 6, 0, 8], y);
    }

    private static float[] Map(SunetModel model, Rgb[,] image, IBackend backend)
    {
        using var predictor = new Predictor(model, new PredictorOptions { Scales = [0.5, 1.0], Flip = true }, backend);
        var probabilities = new float[Classes * image.Length];
        predictor.Probabilities(image, probabilities);
        return probabilities;
    }

    private static float[] Train(IBackend backend, int accumulate, out double loss)
    {
        SunetModel model = SunetModel.Create(Spec, seed: 3);
        using var batches = new Batches();
        using var trainer = new Trainer(model, batches, Options(accumulate), backend);
        loss = trainer.Step().Loss;
        trainer.CopyTo(model);
        return Weights(model);
    }

    private static TrainerOptions Options(int accumulate) => new()
    {
        Sgd = new SgdOptions { LearningRate = 0.01, Groups = ParameterGroup.FineTuning },
        Schedule = LearningRateSchedule.Cosine(20),
        Accumulate = accumulate,
    };

    private static float[] Weights(SunetModel model) => [.. model.Names.SelectMany(name => model.Read(name).ToArray())];

    private static float[] Moved(float[] from, float[] to) => [.. from.Zip(to, (a, b) => b - a)];

    /// <summary>The relative L2 distance.</summary>
    private static double Distance(float[] expected, float[] found)
    {
        double difference = 0, size = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            difference += Math.Pow((double)found[i] - expected[i], 2);
            size += Math.Pow(expected[i], 2);
        }

        return Math.Sqrt(difference / size);
    }

    /// <summary>Batches whose pixels and labels follow from their index.</summary>
    private sealed class Batches : IBatchSource, IDisposable
    {
        public bool Poisoned { get; init; }

        public Shape ImageShape => new(2, 3, 32, 48);

        public int BatchesPerEpoch => 4;

        public TrainingBatch Read(long index, CancellationToken cancellation)
        {
            var batch = new TrainingBatch(ImageShape, 2 * 32 * 48);
            var random = new Random((int)index);
            for (int i = 0; i < batch.Images.Length; i++)
                batch.Images[i] = Poisoned ? float.NaN : (2 * random.NextSingle()) - 1;
            for (int i = 0; i < batch.Labels.Length; i++)
                batch.Labels[i] = random.Next(Classes);
            return batch;
        }

        public void Return(TrainingBatch batch)
        {
        }

        public void Dispose()
        {
        }
    }
}
