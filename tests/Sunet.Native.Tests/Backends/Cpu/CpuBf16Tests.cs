using Sunet.Native.Backends;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Compilation;
using Sunet.Native.Compilation.Memory;
using Sunet.Native.Graphs;
using Sunet.Native.Inference;
using Sunet.Native.Interop.Cpu;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;
using Sunet.Native.Tests.Facade;
using Sunet.Native.Training;

namespace Sunet.Native.Tests.Backends.Cpu;

/// <summary>Networks on the CPU in bfloat16: PyTorch's values, training beside float32, the promises of every step, memory.</summary>
[Trait("Processors", "all")]
public sealed class CpuBf16Tests(ITestOutputHelper output)
{
    private const int Steps = 12;
    private static readonly SteadyMeter Nothing = new(0, 0, 0, 0);

    /// <summary>Whole blocks of channels, which is what is fast: narrower layers would take longer than all else here.</summary>
    private static readonly SunetSpec Spec = SmallModel.Spec with
    {
        Config = new SunetConfig("custom", Filters: 16, Depth: 1, [16, 32, 32, 32]) { StemWidth = 16, ResidualWidth = 16 },
    };

    /// <summary>All of the smallest network, and of the larger ones a segmenter each.</summary>
    public static TheoryData<string> Cases { get; } =
    [
        "sunet64-seg-os32", "sunet64-seg-os16", "sunet64-seg-os16-odd", "sunet64-seg-os8", "sunet64-strided-os16", "sunet64-cls",
        "sunet128-seg-os16", "sunet7128-seg-os16",
    ];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Backend_GoldenCase_StaysWithinItsBars(string name) => Bf16Cpu.Run(backend =>
    {
        List<SelfTestCheck> checks = GoldenChecks.Network(backend, name, Tolerances.OfNetwork(Precision.Bf16));
        checks.ForEach(AssertPassed);
        Assert.True(checks.Max(c => c.Error) > 1e-4, "Values this close were not computed in bfloat16.");
    });

    [Theory]
    [InlineData("sunet64-seg-os16")]
    [InlineData("sunet64-cls")]
    public void Trainer_GoldenCase_DescendsAsPyTorch(string name) => Bf16Cpu.Run(backend => AssertPassed(
        GoldenChecks.Descent(backend, name, Tolerances.OfNetwork(Precision.Bf16).Descent, TestContext.Current.CancellationToken)));

    [Fact]
    public void CompareTraining_200Steps_EndsAsFloat32() => Bf16Cpu.Run(backend =>
    {
        using var float32 = new CpuBackend(threads: 1);
        AssertPassed(SelfTest.CompareTraining(float32, backend, TestContext.Current.CancellationToken));
    }, threads: 1);

    [Fact]
    public void Segment_TrainedModel_FindsTheClassesOfFloat32() => Bf16Cpu.Run(backend =>
    {
        using var float32 = new CpuBackend(threads: 1);
        SunetModel model = Trained(float32, new Shape(4, 3, 48, 64), steps: 120);
        byte[,] expected = Segment(model, float32), found = Segment(model, backend);
        double agreement = expected.Cast<byte>().Zip(found.Cast<byte>(), (a, b) => a == b ? 1.0 : 0).Average();
        output.WriteLine($"{agreement:P3} of the pixels agree");
        Assert.True(expected.Cast<byte>().Distinct().Count() > 1, "One class everywhere is no test.");
        Assert.InRange(agreement, 0.99, 1);
    }, threads: 1);

    /// <summary>
    /// Storing a layer in bfloat16 costs 1.7e-3, making it of products in float16, by Winograd's algorithm, up to 2e-3 more: together 1.6
    /// times as much.
    /// </summary>
    [Fact]
    public void Gradient_TrainedModel_IsAboutAsCloseToFloat32AsWithoutFloat16() => Bf16Cpu.Run(
        backend => AssertGradientsAreAsClose(backend.Options, backend.Options with { Float16Products = false }, 1.6), threads: 1);

    /// <summary>
    /// Storing a layer and rounding its weights costs 2.4e-3, storing it and rounding both operands of Winograd's products up to 4.3e-3:
    /// 1.8 times as much, if every layer were made so.
    /// </summary>
    [Fact]
    public void Gradient_TrainedModel_IsAboutAsCloseToFloat32AsWithoutWinograd() => Bf16Cpu.Run(backend =>
    {
        CpuOptions products = backend.Options with { Float16Products = false };
        AssertGradientsAreAsClose(products, products with { Winograd = false }, 1.8);
    }, threads: 1);

    /// <summary>
    /// The second loss has a backward pass and an update behind it. At one pixel a batch-norm's statistics are of 16 numbers, so that a
    /// first loss is 2 % from float32's whatever rounds (root mean square of forty seeds), and a second one 3 %; the means of sixteen vary
    /// by a quarter of that.
    /// </summary>
    [Theory]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(32)]
    public void Step_DownToOnePixel_HasTheLossesOfFloat32(int outputStride) => Bf16Cpu.Run(backend =>
    {
        using var float32 = new CpuBackend(threads: 1);
        const int seeds = 16;
        double expectedSum = 0, foundSum = 0, firstRatios = 0;
        for (ulong seed = 1; seed <= seeds; seed++)
        {
            double[] expected = Losses(float32, outputStride, seed), found = Losses(backend, outputStride, seed);
            Assert.NotEqual(expected, found);
            Assert.InRange(found[0] / expected[0], 0.9, 1.1);
            firstRatios += found[0] / expected[0];
            (expectedSum, foundSum) = (expectedSum + expected[1], foundSum + found[1]);
        }

        Assert.InRange(firstRatios / seeds, 0.98, 1.02);
        Assert.InRange(foundSum / expectedSum, 0.96, 1.04);
    }, threads: 1);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Step_SameSeedTwice_GivesOneHash(int threads) => Bf16Cpu.Run(backend =>
    {
        string first = Train(backend, seed: 3), second = Train(backend, seed: 3);
        Assert.Equal(first, second);
        Assert.NotEqual(first, Train(backend, seed: 4));
        using var float32 = new CpuBackend(threads);
        Assert.NotEqual(first, Train(float32, seed: 3));
    }, threads);

    [Fact]
    public void Step_InSteadyState_AllocatesNothing() => Bf16Cpu.Run(backend =>
    {
        using FixedBatches batches = SmallModel.Batches();
        using Trainer trainer = TrainerOf(batches, backend);
        Assert.Equal(Nothing, SteadyMeter.Measure(() => trainer.Step()));
    }, threads: 1);

    [Fact]
    public void Segment_InSteadyState_AllocatesNothing() => Bf16Cpu.Run(backend =>
    {
        using var predictor = new Predictor(SunetModel.Create(Spec), new PredictorOptions { Flip = true }, backend);
        var image = new Rgb[64, 80];
        var labels = new byte[64, 80];
        Assert.Equal(Nothing, SteadyMeter.Measure(() => predictor.Segment(image, labels)));
    }, threads: 1);

    [Fact]
    public void Forward_NormalisingWithinConvolutions_GivesTheSameBits() => Bf16Cpu.Run(backend =>
    {
        using var separate = new CpuBackend(backend.Options with { FuseNormalization = false });
        (float[] expected, int none) = Logits(separate);
        (float[] found, int normalised) = Logits(backend);
        Assert.Equal(0, none);
        Assert.Equal(backend.MultipliesFloat16, normalised > 0);
        Assert.Equal(expected, found);
    });

    /// <summary>Losses are of all steps before, so that they tell where the first other bit came from.</summary>
    [Theory]
    [InlineData(8, 1)]
    [InlineData(16, 2)]
    [InlineData(32, 2)]
    public void Step_NormalisingWithinConvolutions_GivesTheSameBits(int outputStride, int threads) => Bf16Cpu.Run(backend =>
    {
        using var separate = new CpuBackend(backend.Options with { FuseNormalization = false });
        (double[] expectedLosses, string expectedHash, int none) = TrainWide(separate, outputStride);
        (double[] losses, string hash, int normalised) = TrainWide(backend, outputStride);
        Assert.Equal(0, none);
        Assert.Equal(backend.MultipliesFloat16, normalised > 0);
        Assert.Equal(expectedLosses, losses);
        Assert.Equal(expectedHash, hash);
    }, threads);

    /// <summary>
    /// Nothing reads the statistics later, so that their memory could be the convolution's result's; and what is accumulated onto the
    /// source overwrites what other pixels are still to be made from.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Forward_SourceReadByTheConvolutionOnly_GivesTheSameBits(bool accumulates) => Bf16Cpu.Run(backend =>
    {
        using var separate = new CpuBackend(backend.Options with { FuseNormalization = false });
        (float[] expected, int none) = OfOwnStatistics(separate, accumulates);
        (float[] found, int normalised) = OfOwnStatistics(backend, accumulates);
        Assert.Equal(0, none);
        Assert.Equal(backend.MultipliesFloat16 && !accumulates ? 1 : 0, normalised);
        Assert.Equal(expected, found);
    });

    [Fact]
    public void Calibration_NormalisingWithinConvolutions_GivesTheSameBits() => Bf16Cpu.Run(backend =>
    {
        using var separate = new CpuBackend(backend.Options with { FuseNormalization = false });
        Assert.Equal(Calibrated(separate), Calibrated(backend));
    });

    [Fact]
    public void Plan_OfATraining_TakesWhatItSaysAndHalfTheActivationsOfFloat32() => Bf16Cpu.Run(backend =>
    {
        using var float32 = new CpuBackend();
        using var separate = new CpuBackend(backend.Options with { FuseNormalization = false });
        long before = NativeRuntime.Outstanding.Bytes;
        MemoryPlan full = PlanOf(float32, before), half = PlanOf(separate, before), fused = PlanOf(backend, before);
        Assert.InRange(half.Parameters.Bytes, 1, full.Parameters.Bytes);
        Assert.InRange((double)half.ActivationBytesUnshared / full.ActivationBytesUnshared, 0.5, 0.6);
        Assert.InRange((double)half.Activations.Bytes / full.Activations.Bytes, 0.45, 0.65);
        Assert.Equal(backend.MultipliesFloat16, fused.ActivationBytesUnshared < half.ActivationBytesUnshared);
        Assert.InRange(fused.Activations.Bytes, 1, half.Activations.Bytes);
        Assert.Equal(before, NativeRuntime.Outstanding.Bytes);
    });

    [Fact]
    public void Plan_OfATrainingWithFrozenBatchNorm_SumsBiasesBesideWeightsInFloat16() => Bf16Cpu.Run(backend =>
    {
        using FixedBatches batches = SmallModel.Batches();
        using Trainer trainer = SmallModel.Trainer(batches, backend, SmallModel.Options with { FrozenBatchNorm = true });
        HashSet<Value> ofConvolutions = [.. trainer.Plan.Graph.Ops.OfType<ConvolutionWeightGradient>().Select(w => w.Dy)];
        string[] implementations =
        [
            .. trainer.Plan.Calls.Where(c => c.Op is BiasGradient b && ofConvolutions.Contains(b.Dy)).Select(c => c.Call.Implementation),
        ];
        Assert.NotEmpty(implementations);
        Assert.All(implementations, i => Assert.Equal(backend.MultipliesFloat16, i == "in place"));
    });

    [Fact]
    public void Step_WithNaNInTheImage_NamesIt() => Bf16Cpu.Run(backend =>
    {
        using FixedBatches batches = SmallModel.Batches();
        using Trainer trainer = TrainerOf(batches, backend);
        batches[0].Images[5] = float.NaN;
        DivergedException failure = Assert.Throws<DivergedException>(() => trainer.Step());
        Assert.Equal(trainer.Plan.Graph.Inputs.Single(i => i.Type == DataType.Float32).Name, failure.Tensor);
    });

    /// <summary>Logits of noise, and how many convolutions normalised.</summary>
    private static (float[] Logits, int Normalised) Logits(CpuBackend backend)
    {
        var images = new Shape(2, 3, 64, 96);
        SunetGraph network = SunetGraph.ForInference(Spec, images);
        Value wanted = network.Graph.MarkOutput(network.LowLogits);
        using Plan plan = Plan.Compile(network.Graph, backend, new PlanOptions());
        plan.Load(SunetModel.Create(Spec, seed: 3).Read);
        plan.Write(network.Image, [.. Enumerable.Range(0, (int)images.Count).Select(i => MathF.Sin(i * 0.7f))]);
        plan.Run(Phase.Forward);
        var logits = new float[wanted.Shape.Count];
        plan.Read(wanted, logits);
        return (logits, Normalised(plan));
    }

    private static double[] Losses(CpuBackend backend, int outputStride, ulong seed)
    {
        using var batches = new FixedBatches(new Shape(16, 3, 32, 32), Spec.Classes);
        SunetModel model = SunetModel.Create(Spec with { OutputStride = outputStride }, seed);
        using var trainer = new Trainer(model, batches, SmallModel.Options, backend);
        return [trainer.Step().Loss, trainer.Step().Loss];
    }

    private static Trainer TrainerOf(IBatchSource batches, IBackend backend, ulong seed = 3) =>
        new(SunetModel.Create(Spec, seed), batches, SmallModel.Options, backend);

    /// <summary>The memory of a training, which is all that the backend holds for it but for a constant of the session.</summary>
    private static MemoryPlan PlanOf(CpuBackend backend, long before)
    {
        using var batches = new FixedBatches(new Shape(2, 3, 128, 128), SmallModel.Spec.Classes);
        using Trainer trainer = TrainerOf(batches, backend);
        trainer.Step();
        Assert.Equal(trainer.Plan.Memory.TotalBytes + sizeof(float), NativeRuntime.Outstanding.Bytes - before);
        return trainer.Plan.Memory;
    }

    private static string Train(CpuBackend backend, ulong seed)
    {
        using FixedBatches batches = SmallModel.Batches();
        using Trainer trainer = TrainerOf(batches, backend, seed);
        while (trainer.CompletedSteps < Steps)
            trainer.Step();
        return SmallModel.Hash(trainer);
    }

    /// <summary>
    /// Losses, what they left behind, and how many calls normalised, of images wide enough to be summed row by row and narrower ones.
    /// </summary>
    private static (double[] Losses, string Hash, int Normalised) TrainWide(CpuBackend backend, int outputStride)
    {
        using var batches = new FixedBatches(new Shape(2, 3, 96, 272), Spec.Classes);
        SunetModel model = SunetModel.Create(Spec with { OutputStride = outputStride }, seed: 3);
        using var trainer = new Trainer(model, batches, SmallModel.Options, backend);
        double[] losses = [.. Enumerable.Range(0, 3).Select(_ => (double)trainer.Step().Loss)];
        return (losses, SmallModel.Hash(trainer), Normalised(trainer.Plan));
    }

    /// <summary>
    /// A convolution of noise, normalised with its own statistics and convolved again, onto itself or not, and how many convolutions
    /// normalised.
    /// </summary>
    private static (float[] Values, int Normalised) OfOwnStatistics(CpuBackend backend, bool accumulates)
    {
        var graph = new Graph();
        var square = ConvolutionGeometry.Square(stride: 1, dilation: 1, padding: 1);
        Value image = graph.Input("image", new Shape(2, 16, 24, 40));
        Value first = graph.Parameter("first", new Shape(32, 16, 3, 3)), second = graph.Parameter("second", new Shape(32, 32, 3, 3));
        Value x = graph.Add(new Convolution("conv0", image, first, bias: null, square)).Output;
        var statistics = graph.Add(new BatchNormStatistics("bn", x));
        Value normal = graph.Add(new BatchNormApply("bn", x, statistics.Mean, statistics.Variance, graph.Parameter("gamma", new Shape(32)),
            graph.Parameter("beta", new Shape(32)), batchStatistics: true, fusedRelu: true)).Output;
        Value wanted = graph.MarkOutput(
            graph.Add(new Convolution("conv1", normal, second, bias: null, square, accumulator: accumulates ? x : null)).Output);
        using Plan plan = Plan.Compile(graph, backend, new PlanOptions { Purpose = PlanPurpose.Training });
        foreach (Value value in graph.Inputs.Concat(graph.Parameters))
            plan.Write(value, [.. Enumerable.Range(0, (int)value.Shape.Count).Select(i => MathF.Sin(i * 0.7f))]);
        plan.Run(Phase.Forward);
        var values = new float[wanted.Shape.Count];
        plan.Read(wanted, values);
        return (values, Normalised(plan));
    }

    /// <summary>A model that has learned something, so that its gradients are not of noise.</summary>
    private static SunetModel Trained(CpuBackend backend, Shape images, int steps)
    {
        SunetModel model = SunetModel.Create(Spec, seed: 1);
        using var batches = new PatternBatches(images, SmallModel.Spec.Classes);
        using var trainer = new Trainer(model, batches, new TrainerOptions { Sgd = new SgdOptions { LearningRate = 0.05 } }, backend);
        double before = trainer.Step().Loss, after = 0;
        while (trainer.CompletedSteps < steps)
            after = trainer.Step().Loss;
        Assert.True(after < 0.8 * before, $"The loss went from {before} to {after}: nothing was learned that could be told apart.");
        trainer.CopyTo(model);
        return model;
    }

    /// <summary>Holds the distance of a trained model's gradients from float32's to that of others.</summary>
    private void AssertGradientsAreAsClose(CpuOptions options, CpuOptions others, double bound)
    {
        var images = new Shape(4, 3, 96, 128);
        using var float32 = new CpuBackend(threads: 1);
        using CpuBackend backend = new(options), other = new(others);
        SunetModel model = Trained(float32, images, steps: 60);
        double[] expected = Gradient(model, images, float32);
        double Error(CpuBackend of) => Math.Sqrt(Gradient(model, images, of).Zip(expected, (a, b) => (a - b) * (a - b)).Sum());
        double found = Error(backend), usual = Error(other), size = Math.Sqrt(expected.Sum(v => v * v));
        output.WriteLine($"{found / size:E2}, the others {usual / size:E2}");
        Assert.InRange(usual / size, 1e-3, 0.2);
        Assert.InRange(found / usual, 0, bound);
    }

    /// <summary>Of all parameters: a step without momentum and decay changes them by that, times the rate.</summary>
    private static double[] Gradient(SunetModel model, Shape images, CpuBackend backend)
    {
        const double rate = 1000;
        using var batches = new PatternBatches(images, SmallModel.Spec.Classes);
        var sgd = new SgdOptions { LearningRate = rate, Momentum = 0, WeightDecay = 0 };
        using var trainer = new Trainer(model, batches, new TrainerOptions { Sgd = sgd }, backend);
        trainer.Step();
        SunetModel after = SunetModel.Create(Spec);
        trainer.CopyTo(after);
        return
        [
            .. model.Names.Where(model.IsParameter).SelectMany(
                n => model.Read(n).ToArray().Zip(after.Read(n).ToArray(), (from, to) => ((double)from - to) / rate)),
        ];
    }

    private static int Normalised(Plan plan) =>
        plan.Calls.Count(c => c.Call.Implementation.StartsWith("normalised", StringComparison.Ordinal));

    private static float[] Calibrated(CpuBackend backend)
    {
        SunetModel model = SunetModel.Create(Spec, seed: 3);
        using var batches = new FixedBatches(new Shape(2, 3, 64, 96), Spec.Classes);
        BatchNormCalibration.Run(model, batches, new BatchNormCalibrationOptions { Batches = 2 }, backend);
        return [.. model.Names.Where(n => n.Contains("running", StringComparison.Ordinal)).SelectMany(n => model.Read(n).ToArray())];
    }

    private static byte[,] Segment(SunetModel model, CpuBackend backend)
    {
        var image = new Rgb[96, 144];
        for (int y = 0; y < 96; y++)
        {
            for (int x = 0; x < 144; x++)
                image[y, x] = new Rgb((byte)(x / 24 * 40), (byte)(y / 16 * 40), (byte)(((x / 24) + (y / 16)) % 3 * 100));
        }

        var labels = new byte[96, 144];
        using var predictor = new Predictor(model, new PredictorOptions(), backend);
        predictor.Segment(image, labels);
        return labels;
    }

    private void AssertPassed(SelfTestCheck check)
    {
        output.WriteLine($"{check.Name}, {check.Detail}: {check.Error:E2} of {check.Tolerance:E2}");
        Assert.True(check.Passed, $"{check}");
    }
}
