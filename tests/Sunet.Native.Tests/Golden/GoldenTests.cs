using System.Diagnostics;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Compilation;
using Sunet.Native.Inference;
using Sunet.Native.Models;
using Sunet.Native.Tensors;
using Sunet.Native.Training;

namespace Sunet.Native.Tests.Golden;

/// <summary>Networks against PyTorch's float64: forward, gradients, running statistics, descent, multi-scale prediction.</summary>
public class GoldenTests(ITestOutputHelper output)
{
    /// <summary>Float64 on both sides; what is left is the graph's epsilon, which is a float32 and 2.5e-8 of itself below PyTorch's.</summary>
    private const double ReferenceBar = 1e-10;

    /// <summary>The cases have low logits rounded to nine decimals.</summary>
    private const double RoundedBar = 1e-9;

    public static TheoryData<string> Cases { get; } =
    [
        "sunet64-seg-os32", "sunet64-seg-os16", "sunet64-seg-os16-odd", "sunet64-seg-os8", "sunet64-strided-os16", "sunet64-cls",
        "sunet128-seg-os16", "sunet7128-seg-os16", "sunet7128-degrid-os8", "sunet7128-cls",
    ];

    [Theory]
    [InlineData("sunet64-seg-os16")]
    [InlineData("sunet64-seg-os16-odd")]
    [InlineData("sunet64-cls")]
    public void Reference_GoldenCase_MatchesPyTorchInFloat64(string name)
    {
        var errors = Measure(name, GoldenRun.OnReference);
        Assert.Multiple(
            () => Assert.InRange(errors.Loss, 0, ReferenceBar),
            () => Assert.InRange(errors.Low, 0, RoundedBar),
            () => Assert.InRange(errors.Logits, 0, ReferenceBar),
            () => Assert.InRange(errors.EvaluationLow, 0, RoundedBar),
            () => Assert.InRange(errors.EvaluationLogits, 0, ReferenceBar),
            () => Assert.InRange(errors.Running, 0, ReferenceBar),
            () => Assert.InRange(errors.WorstGradient, 0, ReferenceBar));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Backend_GoldenCase_StaysWithinItsBars(string name)
    {
        using IBackend backend = new CpuBackend();
        var errors = Measure(name, golden => GoldenRun.On(backend, golden));
        Assert.Multiple(
            () => Assert.InRange(errors.Loss, 0, 1e-5),
            () => Assert.InRange(errors.Low, 0, 1e-5),
            () => Assert.InRange(errors.Logits, 0, 1e-5),
            () => Assert.InRange(errors.EvaluationLow, 0, 1e-5),
            () => Assert.InRange(errors.EvaluationLogits, 0, 1e-5),
            () => Assert.InRange(errors.Running, 0, 1e-5),
            () => Assert.InRange(errors.WorstGradient, 0, 0.05),
            () => Assert.InRange(errors.MedianGradient, 0, 0.005));
    }

    [Theory]
    [InlineData("sunet64-seg-os16")]
    [InlineData("sunet64-cls")]
    public void Trainer_GoldenCase_DescendsAsPyTorch(string name)
    {
        GoldenCase golden = GoldenCase.Read(name);
        (double[] expected, double[] float32) = golden.Descent();
        Assert.NotEmpty(expected);
        using IBackend backend = new CpuBackend();
        using var source = new GoldenBatch(golden);
        using var trainer = new Trainer(golden.CreateModel(), source, golden.IsClassifier ? ClassifierOptions : SegmenterOptions, backend);
        for (int step = 0; step < expected.Length; step++)
        {
            double loss = trainer.Step(TestContext.Current.CancellationToken).Loss;
            output.WriteLine($"step {step}: {Math.Abs((loss / expected[step]) - 1):E2} (PyTorch float32 {Math.Abs((float32[step] / expected[step]) - 1):E2})");
            Assert.InRange(Math.Abs((loss / expected[step]) - 1), 0, 1e-4);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Predictor_MultiScale_MatchesPyTorch(bool flip)
    {
        GoldenCase golden = GoldenCase.Read("multiscale-sunet64-os16");
        using IBackend backend = new CpuBackend();
        SunetModel model = golden.CreateModel();
        using (var source = new GoldenBatch(golden))
        using (var trainer = new Trainer(model, source, StatisticsOnly, backend))
        {
            trainer.Step(TestContext.Current.CancellationToken);
            trainer.CopyTo(model);
        }

        using var predictor = new Predictor(model, new PredictorOptions { Scales = golden.Scales(), Flip = flip }, backend);
        var probabilities = new float[golden.Input.WithChannels(model.Spec.Classes).Count];
        predictor.Average(golden.CreateInput(), golden.Input, probabilities);

        (Summary expected, int[] counts) = golden.MultiScale(flip);
        double error = GoldenErrors.OfSummary("probabilities", Array.ConvertAll(probabilities, p => (double)p), expected);
        int moved = counts.Zip(CountLikeliest(probabilities, golden.Input.WithChannels(counts.Length)), (a, b) => Math.Abs(a - b)).Sum() / 2;
        output.WriteLine($"probabilities: {error:E2} (PyTorch float32 {expected.Float32Error:E2}); {moved} pixels fall into another class");
        Assert.InRange(error, 0, 1e-5);
        Assert.InRange(moved, 0, counts.Sum() / 10_000);
    }

    private static TrainerOptions SegmenterOptions { get; } = new()
    {
        Sgd = new SgdOptions { LearningRate = 2e-4, Momentum = 0.95f, WeightDecay = 1e-4f, Groups = ParameterGroup.FineTuning },
        Schedule = new CosineSchedule(10),
        BatchNormMomentum = 0.01f,
    };

    private static TrainerOptions ClassifierOptions { get; } = new()
    {
        Sgd = new SgdOptions { LearningRate = 0.01, Momentum = 0.9f, Nesterov = true, WeightDecay = 5e-4f, Groups = [] },
        BatchNormMomentum = 0.1f,
    };

    /// <summary>A step that moves no weight and makes the running statistics those of its batch.</summary>
    private static TrainerOptions StatisticsOnly { get; } = new() { Sgd = new SgdOptions { LearningRate = 0 }, BatchNormMomentum = 1 };

    private GoldenErrors Measure(string name, Func<GoldenCase, GoldenRun> run)
    {
        GoldenCase golden = GoldenCase.Read(name);
        var time = Stopwatch.StartNew();
        var errors = new GoldenErrors(golden, run(golden));
        output.WriteLine($"{name}, {time.Elapsed.TotalSeconds:F1} s{Environment.NewLine}{errors}");
        return errors;
    }

    private static int[] CountLikeliest(float[] probabilities, Shape shape)
    {
        var counts = new int[shape.Channels];
        int plane = shape.Height * shape.Width;
        for (int pixel = 0; pixel < shape.Batch * plane; pixel++)
        {
            int start = ((pixel / plane) * shape.Channels * plane) + (pixel % plane);
            counts[Enumerable.Range(0, shape.Channels).MaxBy(c => probabilities[start + (c * plane)])]++;
        }

        return counts;
    }

    /// <summary>The case's batch, every time.</summary>
    private sealed class GoldenBatch : IBatchSource
    {
        private readonly TrainingBatch batch;

        public GoldenBatch(GoldenCase golden)
        {
            ImageShape = golden.Input;
            int[] labels = golden.CreateLabels();
            batch = new TrainingBatch(golden.Input, labels.Length);
            golden.CreateInput().CopyTo(batch.Images, 0);
            labels.CopyTo(batch.Labels, 0);
        }

        public Shape ImageShape { get; }

        public int BatchesPerEpoch => 1;

        public TrainingBatch Read(long index, CancellationToken cancellation = default) => batch;

        public void Return(TrainingBatch batch)
        {
        }

        public void Dispose()
        {
        }
    }
}
