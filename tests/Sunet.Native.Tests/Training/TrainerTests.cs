using Sunet.Native.Backends.Cpu;
using Sunet.Native.Interop.Cpu;
using Sunet.Native.Models;
using Sunet.Native.Tensors;
using Sunet.Native.Tests.Facade;
using Sunet.Native.Tests.Models;
using Sunet.Native.Training;
using Sunet.Verification.Reference;

namespace Sunet.Native.Tests.Training;

[Trait("Processors", "all")]
public sealed class TrainerTests : IDisposable
{
    private readonly CpuBackend backend = new(threads: 2);

    public void Dispose() => backend.Dispose();

    [Fact]
    public void Step_TwoAccumulatedBatches_EqualsOneBatchOfBoth()
    {
        // With fixed statistics and no ignored label, the mean over two images is the mean of the two images' means.
        var options = new TrainerOptions { FrozenBatchNorm = true, Sgd = new SgdOptions { LearningRate = 0.1 } };
        SunetModel together = Train(new Batches(2, 1), options, steps: 2);
        SunetModel apart = Train(new Batches(1, 2), options with { Accumulate = 2 }, steps: 2);
        Assert.All(together.Names, name => Assert.InRange(Distance(together.Read(name), apart.Read(name)), 0, 1e-6));
    }

    [Fact]
    public void Step_ScheduleAtZero_LeavesTheWeightsAndMovesTheStatistics()
    {
        SunetModel start = SunetModel.Create(SunetSpecTests.Tiny, seed: 2);
        SunetModel end = Train(new Batches(2, 1), new TrainerOptions { Schedule = new CosineSchedule(0) }, steps: 1);
        Assert.All(start.Names.Where(start.IsParameter), name => Assert.True(start.Read(name).SequenceEqual(end.Read(name)), name));
        Assert.All(start.Names.Where(n => n.EndsWith("running_mean", StringComparison.Ordinal)),
            name => Assert.False(start.Read(name).SequenceEqual(end.Read(name)), name));
    }

    [Fact]
    public void Step_FrozenBatchNorm_KeepsTheRunningStatistics()
    {
        SunetModel start = SunetModel.Create(SunetSpecTests.Tiny, seed: 2);
        SunetModel end = Train(new Batches(2, 1), new TrainerOptions { FrozenBatchNorm = true }, steps: 2);
        Assert.All(
            start.Names.Where(n => !start.IsParameter(n)), name => Assert.True(start.Read(name).SequenceEqual(end.Read(name)), name));
        Assert.False(start.Read("features.conv1.weight").SequenceEqual(end.Read("features.conv1.weight")));
    }

    [Fact]
    public void Step_FineTuningGroups_MoveTheHeadTenAndTwentyTimesAsFast()
    {
        var plain = new SgdOptions { LearningRate = 1e-3, Momentum = 0, WeightDecay = 0, Groups = [] };
        SunetModel start = SunetModel.Create(SunetSpecTests.Tiny, seed: 2);
        SunetModel slow = Train(new Batches(2, 1), new TrainerOptions { Sgd = plain }, steps: 1);
        SunetModel fast = Train(
            new Batches(2, 1), new TrainerOptions { Sgd = plain with { Groups = ParameterGroup.FineTuning } }, steps: 1);
        Assert.Equal(10, Ratio("final.conv1.weight"), 1e-2);
        Assert.Equal(20, Ratio("final.conv1.bias"), 1e-2);
        Assert.Equal(1, Ratio("features.bn2.weight"), 1e-6);

        double Ratio(string name) => Norm(fast.Read(name), start.Read(name)) / Norm(slow.Read(name), start.Read(name));
    }

    [Theory]
    [InlineData("features.conv1.weight", 1)]
    [InlineData("features.bn2.bias", 1)]
    [InlineData("final.conv1.weight", 10)]
    [InlineData("final.bn1.bias", 20)]
    [InlineData("linear.weight", 10)]
    [InlineData("linear.bias", 20)]
    public void FineTuningGroups_Parameter_HasTheRateOfItsHead(string name, float multiplier) =>
        Assert.Equal(multiplier, ParameterGroup.FineTuning.FirstOrDefault(g => g.Matches(name))?.LearningRateMultiplier ?? 1);

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 0)]
    [InlineData(false, 0.5f)]
    public void Step_SeveralSteps_FollowsTheUpdateRuleInFloat64(bool nesterov, float dampening)
    {
        var sgd = new SgdOptions
        {
            LearningRate = 0.05,
            Momentum = 0.9f,
            WeightDecay = 1e-2f,
            Nesterov = nesterov,
            Dampening = dampening,
            Groups = [],
        };
        using var trainer = new Trainer(SunetModel.Create(SunetSpecTests.Tiny, seed: 2), new Batches(2, 1),
            new TrainerOptions { Sgd = sgd, Schedule = new CosineSchedule(4) }, backend);
        var parameter = trainer.Plan.Graph.Parameters.Single(p => p.Name == "features.unet2_0.down.0.conv1.weight");
        var gradient = trainer.Plan.Graph.Ops.SelectMany(o => o.Outputs).Single(o => o.GradientOf == parameter);
        float[] weights = new float[parameter.Shape.Count], g = new float[weights.Length];
        trainer.Plan.Read(parameter, weights);
        double[] expected = [.. weights.Select(w => (double)w)], velocity = new double[weights.Length];
        for (int step = 0; step < 3; step++)
        {
            double rate = 0.05 * 0.5 * (1 + Math.Cos(Math.PI * step / 4));
            Assert.Equal(rate, trainer.Step().LearningRate, 1e-15);
            trainer.Plan.Read(gradient, g);
            for (int i = 0; i < g.Length; i++)
            {
                double total = g[i] + ((double)1e-2f * expected[i]);
                velocity[i] = ((double)0.9f * velocity[i]) + ((1 - dampening) * total);
                expected[i] -= rate * (nesterov ? total + ((double)0.9f * velocity[i]) : velocity[i]);
            }
        }

        trainer.Plan.Read(parameter, weights);
        float[] rounded = [.. expected.Select(e => (float)e)];
        Assert.InRange(Distance(rounded, weights), 0, 1e-6);
        Assert.True(Norm(rounded, SunetModel.Create(SunetSpecTests.Tiny, seed: 2).Read(parameter.Name)) > 1e-3, "the weights moved");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Step_BiasAheadOfABatchNorm_DecaysWithAGradientOfZero(int accumulate) =>
        UnmovedBias.FollowsTheUpdateRule(backend, accumulate);

    [Fact]
    public void Step_OneBatchAgainAndAgain_FitsIt()
    {
        using var trainer = new Trainer(SunetModel.Create(SunetSpecTests.Tiny, seed: 2), new Batches(2, 1),
            new TrainerOptions { Sgd = new SgdOptions { LearningRate = 0.1, Momentum = 0.9f, Groups = [] } }, backend);
        double first = trainer.Step().Loss, last = 0;
        for (int i = 0; i < 60; i++)
            last = trainer.Step().Loss;
        Assert.True(last < first / 2, $"{first} to {last}");
    }

    [Fact]
    public async Task RunAsync_CancelledThenRun_EqualsStepsMadeOneByOne()
    {
        var options = new TrainerOptions { Schedule = new CosineSchedule(6), Sgd = new SgdOptions { LearningRate = 0.1 } };
        SunetModel expected = Train(new Batches(2, 1), options, steps: 6);
        SunetModel model = SunetModel.Create(SunetSpecTests.Tiny, seed: 2);
        using var trainer = new Trainer(model, new Batches(2, 1), options, backend);
        using var source = new CancellationTokenSource();
        var reported = new Reports(step =>
        {
            if (step.Step == 2)
                source.Cancel();
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => trainer.RunAsync(6, reported, source.Token));
        Assert.Equal(3, trainer.CompletedSteps);
        trainer.Run(6, reported, CancellationToken.None);
        trainer.Run(6, reported, CancellationToken.None);
        trainer.CopyTo(model);
        Assert.Equal([0, 1, 2, 3, 4, 5], reported.Steps);
        Assert.All(expected.Names, name => Assert.True(expected.Read(name).SequenceEqual(model.Read(name)), name));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void ReleaseWorkingMemory_BetweenSteps_ChangesNoBit(int accumulate)
    {
        var options = new TrainerOptions { Accumulate = accumulate, Sgd = new SgdOptions { LearningRate = 0.1 } };
        SunetModel expected = Train(new Batches(2, 1), options, steps: 4), model = SunetModel.Create(SunetSpecTests.Tiny, seed: 2);
        using var trainer = new Trainer(model, new Batches(2, 1), options, backend);
        for (int i = 0; i < 4; i++)
        {
            trainer.ReleaseWorkingMemory();
            trainer.Step();
        }

        trainer.ReleaseWorkingMemory();
        trainer.CopyTo(model);
        Assert.All(expected.Names, name => Assert.True(expected.Read(name).SequenceEqual(model.Read(name)), name));
    }

    [Fact]
    public void New_Cancelled_HoldsNothing()
    {
        SunetModel model = SunetModel.Create(SunetSpecTests.Tiny);
        long before = NativeRuntime.Outstanding.Bytes;
        Assert.ThrowsAny<OperationCanceledException>(
            () => new Trainer(model, new Batches(2, 1), new TrainerOptions(), backend, new CancellationToken(canceled: true)));
        Assert.Equal(before, NativeRuntime.Outstanding.Bytes);
    }

    private SunetModel Train(IBatchSource source, TrainerOptions options, int steps)
    {
        SunetModel model = SunetModel.Create(SunetSpecTests.Tiny, seed: 2);
        using var trainer = new Trainer(model, source, options, backend);
        for (int i = 0; i < steps; i++)
            trainer.Step();
        trainer.CopyTo(model);
        return model;
    }

    private static double Distance(ReadOnlySpan<float> a, ReadOnlySpan<float> b) =>
        Norm(a, b) / Math.Max(1e-30, Norm(a, new float[a.Length]));

    private static double Norm(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
            sum += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
        return Math.Sqrt(sum);
    }

    /// <summary>Two images, given as one batch of two or two batches of one, over and over.</summary>
    private sealed class Reports(Action<TrainingStep> heard) : IProgress<TrainingStep>
    {
        public List<long> Steps { get; } = [];

        public void Report(TrainingStep value)
        {
            Steps.Add(value.Step);
            heard(value);
        }
    }

    private sealed class Batches : IBatchSource
    {
        private const int Side = 48;
        private readonly TrainingBatch[] batches;

        public Batches(int images, int count)
        {
            ImageShape = new Shape(images, 3, Side, Side);
            var random = new Random(7);
            TrainingBatch[] single =
                [.. Enumerable.Range(0, 2).Select(_ => Fill(new TrainingBatch(new Shape(1, 3, Side, Side), Side * Side), random))];
            batches = count == 2 ? single : [Join(single)];
        }

        public Shape ImageShape { get; }

        public int BatchesPerEpoch => batches.Length;

        public TrainingBatch Read(long index, CancellationToken cancellation = default) => batches[index % batches.Length];

        public void Return(TrainingBatch batch)
        {
        }

        public void Dispose()
        {
        }

        private static TrainingBatch Fill(TrainingBatch batch, Random random)
        {
            for (int i = 0; i < batch.Images.Length; i++)
                batch.Images[i] = (random.NextSingle() * 2) - 1;
            for (int i = 0; i < batch.Labels.Length; i++)
            {
                batch.Labels[i] = i / Side < Side / 2 ? 0 : 1 + (i % Side / 24);
                batch.Images[i] += 2 * batch.Labels[i];
            }

            return batch;
        }

        private static TrainingBatch Join(TrainingBatch[] single)
        {
            var both = new TrainingBatch(new Shape(2, 3, Side, Side), 2 * Side * Side);
            for (int i = 0; i < 2; i++)
            {
                single[i].Images.CopyTo(both.Images, i * single[i].Images.Length);
                single[i].Labels.CopyTo(both.Labels, i * single[i].Labels.Length);
            }

            return both;
        }
    }
}
