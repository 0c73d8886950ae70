using Sunet.Native.Backends;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Inference;
using Sunet.Native.Interop.Cpu;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;
using Sunet.Native.Tests.Files;
using Sunet.Native.Training;

namespace Sunet.Native.Tests.Facade;

/// <summary>What is disposed, and what could not be made, holds no native byte and no handle.</summary>
public sealed class LeakTests : IDisposable
{
    private readonly CpuBackend backend = new(threads: 1);
    private readonly SunetModel model = SunetModel.Create(SmallModel.Spec);

    public void Dispose() => backend.Dispose();

    [Fact]
    public void Dispose_OfManyPredictors_ReturnsEverything()
    {
        NativeOutstanding before = NativeRuntime.Outstanding;
        Rgb[,] image = new Rgb[32, 40];
        var labels = new byte[32, 40];
        for (int i = 0; i < 200; i++)
        {
            using var predictor = new Predictor(model, new PredictorOptions { CacheBytes = 0 }, backend);
            predictor.Segment(image, labels);
            Assert.True(NativeRuntime.Outstanding.Bytes > before.Bytes, "The predictor holds no plan.");
        }

        AssertReturned(before);
    }

    [Fact]
    public void Segment_MoreSizesThanAreKept_HoldsNoMoreThanOne()
    {
        NativeOutstanding before = NativeRuntime.Outstanding;
        using (var predictor = new Predictor(model, new PredictorOptions { CacheBytes = 0 }, backend))
        {
            predictor.Segment(new Rgb[33, 40], new byte[33, 40]);
            long one = NativeRuntime.Outstanding.Handles;
            for (int height = 34; height < 54; height++)
                predictor.Segment(new Rgb[height, 40], new byte[height, 40]);
            Assert.Equal(one, NativeRuntime.Outstanding.Handles);
        }

        AssertReturned(before);
    }

    [Fact]
    public void Dispose_OfManyTrainers_ReturnsEverything()
    {
        NativeOutstanding before = NativeRuntime.Outstanding;
        using FixedBatches batches = SmallModel.Batches();
        for (int i = 0; i < 30; i++)
        {
            using Trainer trainer = SmallModel.Trainer(batches, backend);
            trainer.Step();
        }

        AssertReturned(before);
    }

    [Fact]
    public void Compile_AnyCallFailing_LeavesNothingBehind()
    {
        SunetGraph network = SunetGraph.ForTraining(SmallModel.Spec, SmallModel.Images, new TrainingGraphOptions());
        var options = new PlanOptions { Purpose = PlanPurpose.Training, OptimizerSlots = 1 };
        NativeOutstanding before = NativeRuntime.Outstanding;

        // A gradient of zero needs no call of the backend; the arena is one more.
        int prepared = network.Graph.Ops.Count(o => o is not ZeroGradient), calls = prepared + 1;
        for (int failing = 0; failing < calls; failing++)
        {
            using var faulty = new FaultyBackend(backend, failing);
            Assert.Throws<BackendException>(() => Plan.Compile(network.Graph, faulty, options));
            AssertReturned(before);
        }

        for (int failing = 0; failing < prepared; failing++)
        {
            using var faulty = new FaultyBackend(backend, failing);
            Assert.Throws<BackendException>(() => Plan.MemoryOf(network.Graph, faulty, PlanPurpose.Training));
            AssertReturned(before);
        }

        // One further, nothing is left to fail.
        using var sound = new FaultyBackend(backend, calls);
        Plan.Compile(network.Graph, sound, options).Dispose();
        AssertReturned(before);
    }

    [Fact]
    public void Compile_AboveTheMemoryLimit_LeavesNothingBehind()
    {
        using FixedBatches batches = SmallModel.Batches();
        NativeOutstanding before = NativeRuntime.Outstanding;
        for (int i = 0; i < 20; i++)
        {
            MemoryException failure = Assert.Throws<MemoryException>(() =>
                SmallModel.Trainer(batches, backend, SmallModel.Options with { MemoryLimit = 100_000 }));
            Assert.True(failure.Bytes > 100_000);
        }

        AssertReturned(before);
    }

    [Fact]
    public void Resume_WithoutUsableState_LeavesNothingBehind()
    {
        using var folder = new TemporaryFolder();
        using FixedBatches batches = SmallModel.Batches();
        NativeOutstanding before = NativeRuntime.Outstanding;
        for (int i = 0; i < 20; i++)
        {
            using Trainer trainer = SmallModel.Trainer(batches, backend);
            Assert.Throws<CheckpointException>(() => trainer.Resume(folder["none"]));
        }

        AssertReturned(before);
    }

    private static void AssertReturned(NativeOutstanding before)
    {
        NativeOutstanding after = NativeRuntime.Outstanding;
        Assert.Equal((before.Bytes, before.Handles), (after.Bytes, after.Handles));
    }
}
