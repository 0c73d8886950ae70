using Sunet.Native.Backends;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Compilation;
using Sunet.Native.Compilation.Memory;
using Sunet.Native.Graphs;
using Sunet.Native.Interop.Cpu;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;
using Sunet.Native.Tests.Facade;
using Sunet.Native.Training;
using Sunet.Verification.Golden;

namespace Sunet.Native.Tests.Training;

/// <summary>Running statistics taken anew: they are those of the images, whatever they were before.</summary>
[Trait("Processors", "all")]
public sealed class BatchNormCalibrationTests : IDisposable
{
    private static readonly Shape Images = new(2, 3, 64, 80);
    private readonly CpuBackend backend = new(threads: 2);
    private readonly SunetModel model = SunetModel.Create(SmallModel.Spec, seed: 2);

    public void Dispose() => backend.Dispose();

    [Fact]
    public void Run_OneBatch_MakesItsPredictionWhatItIsInTraining()
    {
        using var source = new FixedBatches(Images, SmallModel.Spec.Classes, count: 1);
        double[] expected = Logits(BatchNormMode.Training, source);
        Assert.True(GoldenErrors.Distance(Logits(BatchNormMode.Frozen, source), expected) > 0.1);
        BatchNormCalibration.Run(model, source, new BatchNormCalibrationOptions { Batches = 1 }, backend);

        // The same kernels on the same numbers, but for the rounding of statistics to float32.
        Assert.InRange(GoldenErrors.Distance(Logits(BatchNormMode.Frozen, source), expected), 0, 1e-5);
    }

    [Fact]
    public void Run_SeveralBatches_TakesTheMomentsOfAllTheirPixels()
    {
        // What the first batch-norm reads does not depend on any other, so batches of two must give what one of six does.
        using var apart = new FixedBatches(Images, SmallModel.Spec.Classes, count: 3);
        using var together = new JoinedBatches(apart, 3);
        BatchNormCalibration.Run(model, apart, new BatchNormCalibrationOptions { Batches = 3 }, backend);
        SunetModel other = SunetModel.Create(SmallModel.Spec, seed: 2);
        BatchNormCalibration.Run(other, together, new BatchNormCalibrationOptions { Batches = 1 }, backend);
        foreach (string name in (string[])["features.residual1.bn.0.running_mean", "features.residual1.bn.0.running_var"])
            Assert.InRange(GoldenErrors.Distance(Doubles(model, name), Doubles(other, name)), 0, 1e-5);
    }

    [Fact]
    public void Run_Twice_EndsWhereOnceDoes()
    {
        using FixedBatches source = SmallModel.Batches();
        float[][] once = Calibrated(), twice = Calibrated();
        Assert.Equal(once, twice);

        float[][] Calibrated()
        {
            BatchNormCalibration.Run(model, source, new BatchNormCalibrationOptions { Batches = 3 }, backend);
            return State();
        }
    }

    [Fact]
    public void Run_ABatchThatIsNotFinite_NamesItAndLeavesTheModel()
    {
        using FixedBatches source = SmallModel.Batches();
        source[1].Images[5] = float.NaN;
        float[][] before = State();
        DivergedException failure = Assert.Throws<DivergedException>(
            () => BatchNormCalibration.Run(model, source, new BatchNormCalibrationOptions { Batches = 3 }, backend));
        Assert.StartsWith("Batch 1: what 'features.residual1.bn.0.running_mean' is the mean of is not finite.", failure.Message,
            StringComparison.Ordinal);
        Assert.Equal(before, State());
    }

    [Fact]
    public void Run_Cancelled_LeavesTheModel()
    {
        using var cancellation = new CancellationTokenSource();
        int reads = 0;
        using var source = new FixedBatches(SmallModel.Images, SmallModel.Spec.Classes)
        {
            OnRead = () =>
            {
                if (++reads == 2)
                    cancellation.Cancel();
            },
        };
        float[][] before = State();
        Assert.Throws<OperationCanceledException>(() => BatchNormCalibration.Run(
            model, source, new BatchNormCalibrationOptions(), backend, cancellation: cancellation.Token));
        Assert.Equal(2, reads);
        Assert.Equal(before, State());
    }

    [Fact]
    public void Run_NoBatches_IsRefused()
    {
        using FixedBatches source = SmallModel.Batches();
        ConfigurationException refused = Assert.Throws<ConfigurationException>(
            () => BatchNormCalibration.Run(model, source, new BatchNormCalibrationOptions { Batches = 0 }, backend));
        Assert.Equal("Statistics are taken of 1 batch or more, not 0.", refused.Message);
    }

    [Fact]
    public void MemoryOf_AnyBatch_IsWhatRunAllocates()
    {
        NativeOutstanding before = NativeRuntime.Outstanding;
        long taken = 0;
        using var source = new FixedBatches(SmallModel.Images, SmallModel.Spec.Classes)
        {
            OnRead = () => taken = NativeRuntime.Outstanding.Bytes - before.Bytes,
        };
        MemoryPlan foreseen = BatchNormCalibration.MemoryOf(SmallModel.Spec, source.ImageShape, ofBytes: false, backend);
        Assert.Equal((before.Bytes, before.Handles), (NativeRuntime.Outstanding.Bytes, NativeRuntime.Outstanding.Handles));
        BatchNormCalibration.Run(model, source, new BatchNormCalibrationOptions { Batches = 1 }, backend);

        // A session has a constant of its own.
        Assert.Equal(foreseen.TotalBytes + sizeof(float), taken);
    }

    [Fact]
    public void Run_MemoryLimit_IsKeptToTheByte()
    {
        int reads = 0;
        using var source = new FixedBatches(SmallModel.Images, SmallModel.Spec.Classes) { OnRead = () => reads++ };
        long needed = BatchNormCalibration.MemoryOf(SmallModel.Spec, source.ImageShape, ofBytes: false, backend).TotalBytes;
        NativeOutstanding before = NativeRuntime.Outstanding;
        var options = new BatchNormCalibrationOptions { Batches = 1, MemoryLimit = needed - 1 };
        MemoryException refused = Assert.Throws<MemoryException>(() => BatchNormCalibration.Run(model, source, options, backend));
        Assert.Equal(needed, refused.Bytes);
        Assert.Equal((before.Bytes, before.Handles), (NativeRuntime.Outstanding.Bytes, NativeRuntime.Outstanding.Handles));
        Assert.Equal(0, reads);
        BatchNormCalibration.Run(model, source, options with { MemoryLimit = needed }, backend);
        Assert.Equal(1, reads);
    }

    private double[] Logits(BatchNormMode mode, FixedBatches source)
    {
        SunetGraph network = SunetGraph.Build(SmallModel.Spec, Images, mode, batchNormMomentum: 0);
        Value logits = network.Graph.MarkOutput(network.LowLogits);
        using Plan plan = Plan.Compile(network.Graph, backend, new PlanOptions { Purpose = PlanPurpose.Training });
        plan.Load(model.Read);
        plan.Write(network.Image, source[0].Images);
        plan.Run(Phase.Forward);
        var result = new float[logits.Shape.Count];
        plan.Read(logits, result);
        return [.. result.Select(x => (double)x)];
    }

    private static double[] Doubles(SunetModel from, string name) => [.. from.Read(name).ToArray().Select(x => (double)x)];

    private float[][] State() => [.. model.Names.Select(name => model.Read(name).ToArray())];

    /// <summary>All images of other batches in one.</summary>
    private sealed class JoinedBatches : IBatchSource
    {
        private readonly TrainingBatch joined;

        public JoinedBatches(FixedBatches parts, int count)
        {
            ImageShape = parts.ImageShape.WithBatch(count * parts.ImageShape.Batch);
            joined = new TrainingBatch(ImageShape, 0);
            for (int i = 0; i < count; i++)
                parts[i].Images.CopyTo(joined.Images, i * parts[i].Images.Length);
        }

        public Shape ImageShape { get; }

        public int BatchesPerEpoch => 1;

        public TrainingBatch Read(long index, CancellationToken cancellation = default) => joined;

        public void Return(TrainingBatch batch)
        {
        }

        public void Dispose()
        {
        }
    }
}
