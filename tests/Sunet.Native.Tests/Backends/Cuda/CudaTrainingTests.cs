using Sunet.Native.Backends;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Backends.Cuda;
using Sunet.Native.Inference;
using Sunet.Native.Models;
using Sunet.Native.Tensors;
using Sunet.Native.Tests.Emulation;
using Sunet.Native.Tests.Facade;
using Sunet.Native.Tests.Files;
using Sunet.Native.Tests.Training;
using Sunet.Native.Training;
using Sunet.Verification;
using Sunet.Verification.Golden;

namespace Sunet.Native.Tests.Backends.Cuda;

/// <summary>
/// The facade on the emulated GPU: the same bits whatever the order of streams, with and without CUDA graphs, resumed or not.
/// </summary>
public sealed class CudaTrainingTests : EmulatorTest
{
    private const int Steps = 6;
    private static readonly CudaOptions Deterministic = new() { Deterministic = true };
    private static readonly SteadyMeter Nothing = new(0, 0, 0, 0);

    [Theory]
    [InlineData(Precision.Float32, 1)]
    [InlineData(Precision.Float32, 2)]
    [InlineData(Precision.Bf16, 1)]
    public void Step_AnyOrderOfStreamsWithAndWithoutGraphs_GivesOneHash(Precision precision, int accumulate)
    {
        var hashes = new HashSet<string>();
        for (ulong seed = 0; seed < 5; seed++)
        {
            Emulator.Seed(seed);
            using var backend = new CudaBackend(0, Deterministic with { Precision = precision, UseGraphs = seed != 0 });
            hashes.Add(Train(backend, SmallModel.Options with { Accumulate = accumulate }, seed: 3));
        }

        Assert.Single(hashes);
        using var other = new CudaBackend(0, Deterministic with { Precision = precision });
        Assert.DoesNotContain(Train(other, SmallModel.Options with { Accumulate = accumulate }, seed: 4), hashes);
    }

    [Theory]
    [InlineData(Precision.Float32, 1)]
    [InlineData(Precision.Bf16, 2)]
    public void Step_BiasAheadOfABatchNorm_DecaysWithAGradientOfZero(Precision precision, int accumulate)
    {
        using var backend = new CudaBackend(0, new CudaOptions { Precision = precision });
        UnmovedBias.FollowsTheUpdateRule(backend, accumulate);
    }

    [Fact]
    public void Step_CapturedOnce_IsReplayed()
    {
        using var backend = new CudaBackend();
        using FixedBatches batches = SmallModel.Batches();
        using Trainer trainer = SmallModel.Trainer(batches, backend);
        for (int i = 0; i < 3; i++)
            trainer.Step();
        long before = Emulator.Calls();
        trainer.Step();
        Assert.InRange(Emulator.Calls() - before, 1, 60);
        Assert.Equal(1, Emulator.Outstanding(EmulatedKind.ExecutableGraphs));
        Assert.True(trainer.Plan.Calls.Count > 100, "A plan this small would need no graph to be quick.");
    }

    [Fact]
    public void Calibrate_OnTheGpu_IsWhatItIsOnTheCpu()
    {
        using FixedBatches batches = SmallModel.Batches();
        using var gpu = new CudaBackend();
        using var cpu = new CpuBackend(threads: 2);
        SunetModel onGpu = SunetModel.Create(SmallModel.Spec, seed: 3), onCpu = SunetModel.Create(SmallModel.Spec, seed: 3);
        BatchNormCalibration.Run(onGpu, batches, new BatchNormCalibrationOptions { Batches = 3 }, gpu);
        BatchNormCalibration.Run(onCpu, batches, new BatchNormCalibrationOptions { Batches = 3 }, cpu);
        Assert.All(onCpu.Names.Where(n => !onCpu.IsParameter(n)),
            name => Assert.InRange(GoldenErrors.Distance(Doubles(onGpu, name), Doubles(onCpu, name)), 0, 1e-4));

        static double[] Doubles(SunetModel model, string name) => [.. model.Read(name).ToArray().Select(x => (double)x)];
    }

    [Fact]
    public void Step_Profiled_IsARangeAroundItsPartsAndTheirLayers()
    {
        using var backend = new CudaBackend(0, new CudaOptions { UseGraphs = false });
        using FixedBatches batches = SmallModel.Batches();
        using Trainer trainer = SmallModel.Trainer(batches, backend);
        trainer.Step();
        Assert.Empty(Emulator.Ranges);
        Assert.True(backend.StartProfiling());
        trainer.Step();
        backend.StopProfiling();
        Assert.Equal([(0, "step"), (1, "step/forward"), (1, "step/backward"), (1, "step/update"), (1, "step/data")],
            Emulator.Ranges.Where(r => r.Depth < 2));
        Assert.Contains((2, "features.conv1"), Emulator.Ranges);
        Assert.Contains((2, "features.conv1/dw"), Emulator.Ranges);
        Assert.Equal(0, Emulator.OpenRanges());
    }

    [Fact]
    public void Resume_HalfWay_EndsInTheSameBits()
    {
        using var backend = new CudaBackend(0, Deterministic);
        string whole = Train(backend, SmallModel.Options, seed: 3);
        using FixedBatches batches = SmallModel.Batches();
        using var folder = new TemporaryFolder();
        using (Trainer first = SmallModel.Trainer(batches, backend))
        {
            while (first.CompletedSteps < Steps / 2)
                first.Step();
            first.SaveState(folder["state"], new Dictionary<string, string>());
        }

        using Trainer second = SmallModel.Trainer(batches, backend, seed: 99);
        second.Resume(folder["state"]);
        while (second.CompletedSteps < Steps)
            second.Step();
        Assert.Equal(whole, SmallModel.Hash(second));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Step_WithAnInputThatIsNotFinite_ChangesNothingAndSaysWhere(float special)
    {
        using var backend = new CudaBackend(0, Deterministic);
        using FixedBatches batches = SmallModel.Batches();
        using Trainer trainer = SmallModel.Trainer(batches, backend);
        for (int i = 0; i < 3; i++)
            trainer.Step();
        string before = SmallModel.Hash(trainer);
        float kept = batches[0].Images[77];
        batches[0].Images[77] = special;

        // The batch of this step was brought while the one before ran; resuming reads it again.
        using var folder = new TemporaryFolder();
        trainer.SaveState(folder["state"], new Dictionary<string, string>());
        using Trainer resumed = SmallModel.Trainer(batches, backend);
        resumed.Resume(folder["state"]);
        var diverged = Assert.Throws<DivergedException>(() => resumed.Step());
        Assert.Equal("image", diverged.Tensor);
        Assert.Equal(3, diverged.Step);
        Assert.Equal(before, SmallModel.Hash(resumed));
        batches[0].Images[77] = kept;
        resumed.Step();
        trainer.Step();
        Assert.Equal(SmallModel.Hash(trainer), SmallModel.Hash(resumed));
    }

    [Fact]
    public void Step_WithALabelOutOfRange_ChangesNothingAndNamesTheSample()
    {
        using var backend = new CudaBackend();
        using FixedBatches batches = SmallModel.Batches();
        using Trainer trainer = SmallModel.Trainer(batches, backend);
        string before = SmallModel.Hash(trainer);
        int kept = batches[0].Labels[5];
        batches[0].Labels[5] = 77;
        Assert.Contains("has 77", Assert.Throws<DataException>(() => trainer.Step()).Message, StringComparison.Ordinal);
        Assert.Equal(before, SmallModel.Hash(trainer));
        batches[0].Labels[5] = kept;
        trainer.Step();
        Assert.NotEqual(before, SmallModel.Hash(trainer));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Step_OverSeveralBatches_IsThatOfOneLargeBatch(int accumulate)
    {
        using var backend = new CudaBackend(0, Deterministic);
        AccumulatedSteps.AreStepsOfOneLargeBatch(backend, accumulate);
    }

    [Fact]
    public void Train_InBf16_EndsNearTheLossOfFloat32()
    {
        using IBackend reference = new CpuBackend();
        using var tested = new CudaBackend(0, new CudaOptions { Precision = Precision.Bf16 });
        SelfTestCheck check = SelfTest.CompareTraining(reference, tested, TestContext.Current.CancellationToken);
        Assert.True(check.Passed, $"{check}");
        Assert.True(check.Error > 0, "The same loss to the last bit was not computed in bf16.");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Step_InSteadyState_AllocatesNothing(int accumulate)
    {
        using var backend = new CudaBackend();
        using FixedBatches batches = SmallModel.Batches();
        using Trainer trainer = SmallModel.Trainer(batches, backend, SmallModel.Options with { Accumulate = accumulate });
        SteadyMeter found = SteadyMeter.Measure(() => trainer.Step());

        // The emulator's own heap is not ours.
        Assert.Equal(Nothing, found with { HeapGrowth = 0 });
    }

    [Fact]
    public void Segment_InSteadyState_AllocatesNothing()
    {
        using var backend = new CudaBackend();
        using var predictor = new Predictor(SunetModel.Create(SmallModel.Spec), new PredictorOptions(), backend);
        var image = new Rgb[48, 64];
        var labels = new byte[48, 64];
        Assert.Equal(Nothing, SteadyMeter.Measure(() => predictor.Segment(image, labels)) with { HeapGrowth = 0 });
    }

    [Fact]
    public void Compile_MoreThanTheDeviceHas_IsRefusedWithThePlansBytes()
    {
        Emulator.SetMemory(40 << 20);
        using var backend = new CudaBackend();
        using FixedBatches batches = new(new Shape(16, 3, 256, 256), SmallModel.Spec.Classes);
        var refused = Assert.Throws<MemoryException>(() => SmallModel.Trainer(batches, backend));
        Assert.True(refused.Bytes > 40 << 20);
        Assert.Contains("for activations", refused.Message, StringComparison.Ordinal);
        Assert.Contains("the device has", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Plans_OfOneModel_AgreeWithMeasuredMemory()
    {
        using var backend = new CudaBackend();
        using FixedBatches batches = SmallModel.Batches();
        long before = backend.Pool.Statistics.InUseBytes;
        using Trainer trainer = SmallModel.Trainer(batches, backend);
        trainer.Step();
        long used = backend.Pool.Statistics.InUseBytes - before;
        long planned = trainer.Plan.Memory.TotalBytes;

        // Blocks are rounded up to size classes, at most by a quarter, and some small ones hold rates and flags.
        Assert.InRange(used, planned, (planned * 5 / 4) + (64 << 10));
    }

    [Fact]
    public void MemoryOf_Calibration_TakesNothingAndAgreesWithMeasuredMemory()
    {
        using var backend = new CudaBackend();
        long before = backend.Pool.Statistics.InUseBytes, available = backend.AvailableBytes, used = 0;
        using var batches = new FixedBatches(SmallModel.Images, SmallModel.Spec.Classes)
        {
            OnRead = () => used = backend.Pool.Statistics.InUseBytes - before,
        };
        long planned = BatchNormCalibration.MemoryOf(SmallModel.Spec, batches.ImageShape, ofBytes: false, backend).TotalBytes;
        Assert.Equal((before, available), (backend.Pool.Statistics.InUseBytes, backend.AvailableBytes));

        // The second batch is read when the first has been transferred.
        BatchNormCalibration.Run(SunetModel.Create(SmallModel.Spec), batches, new BatchNormCalibrationOptions { Batches = 2 }, backend);
        Assert.InRange(used, planned, (planned * 5 / 4) + (64 << 10));
    }

    [Fact]
    public void RetainedBytes_OnTheGpu_AreAllOfThem()
    {
        using var backend = new CudaBackend();
        using FixedBatches batches = SmallModel.Batches();
        using Trainer trainer = SmallModel.Trainer(batches, backend);
        Assert.Equal(trainer.Plan.Memory.TotalBytes, trainer.Plan.RetainedBytes);
    }

    private static string Train(CudaBackend backend, TrainerOptions options, ulong seed)
    {
        using FixedBatches batches = SmallModel.Batches();
        using Trainer trainer = SmallModel.Trainer(batches, backend, options, seed);
        while (trainer.CompletedSteps < Steps)
            trainer.Step();
        return SmallModel.Hash(trainer);
    }
}
