using Sunet.Native.Backends.Cuda;
using Sunet.Native.Compilation;
using Sunet.Native.Inference;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;
using Sunet.Native.Tests.Facade;
using Sunet.Native.Training;

namespace Sunet.Native.Tests.Backends.Cuda;

/// <summary>
/// Call N of the driver, cuDNN or cuBLASLt fails, for every N of a load, a training step and a prediction: a typed error, nothing left
/// alive, no rule broken, and where calls of a plan fail, the op's kind and layer named.
/// </summary>
public sealed class FailEveryCallTests(ITestOutputHelper output) : EmulatorTest
{
    /// <summary>On one thread, so that call N is the same at every try.</summary>
    private static readonly CudaOptions Eager = new() { UseGraphs = false, CompileThreads = 1 };

    /// <summary>The trainer goes on after each failure, so that what one left behind would meet the next.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Step_AnyCallFails_RaisesATypedErrorAndGoesOn(bool graphs)
    {
        using (var backend = new CudaBackend(0, Eager with { UseGraphs = graphs }))
        using (FixedBatches batches = new(new Shape(2, 3, 32, 32), Spec.Classes))
        using (var trainer = new Trainer(SunetModel.Create(Spec, seed: 1), batches, SmallModel.Options, backend))
        {
            for (int i = 0; i < 3; i++)
                trainer.Step();
            long before = Emulator.Calls();
            trainer.Step();
            int failed = FailEach(Emulator.Calls() - before, () => trainer.Step());
            Assert.True(failed > (graphs ? 15 : 200), $"Only {failed} calls could fail.");
            Emulator.FailCall(1, persistent: 1);
            Assert.ThrowsAny<SunetException>(() => trainer.Step());
        }

        Assert.Empty(Emulator.Living);
    }

    [Fact]
    public void Load_AnyCallFails_RaisesATypedErrorAndLeavesNothing() => FailEachOnOneBackend(backend =>
    {
        SunetGraph network = SunetGraph.ForInference(Spec, new Shape(1, 3, 32, 32));
        network.AppendProbabilities();
        using Plan plan = Plan.Compile(network.Graph, backend, new PlanOptions());
        plan.Load(SunetModel.Create(Spec).Read);
    });

    [Fact]
    public void Segment_AnyCallFails_RaisesATypedErrorAndLeavesNothing() => FailEachOnOneBackend(backend =>
    {
        using var predictor = new Predictor(SunetModel.Create(Spec), new PredictorOptions(), backend);
        var labels = new byte[32, 32];
        for (int i = 0; i < 3; i++)
            predictor.Segment(new Rgb[32, 32], labels);
    });

    [Fact]
    public void Step_CallOfALayerFails_NamesTheLayer()
    {
        string[] layerCalls = ["cuLaunchKernel", "cudnnBackendExecute", "cublasLtMatmul"];
        using var backend = new CudaBackend(0, Eager);
        using FixedBatches batches = SmallModel.Batches();
        using Trainer trainer = SmallModel.Trainer(batches, backend);
        trainer.Step();
        long before = Emulator.Calls();
        trainer.Step();
        var layers = new HashSet<string>();
        for (long call = Emulator.Calls() - before; call > 0; call--)
        {
            Emulator.FailCall(call, persistent: 0);
            Exception? failure = Record.Exception(() => trainer.Step());
            if (failure is not BackendException refused || !layerCalls.Any(c => refused.Message.Contains(c, StringComparison.Ordinal)))
                continue;
            Assert.True(refused.Layer is not null, refused.Message);
            Assert.Contains(refused.Layer, refused.Message, StringComparison.Ordinal);
            layers.Add(refused.Layer);
        }

        Assert.True(layers.Count > 100, $"Only {layers.Count} layers were named.");
    }

    /// <summary>
    /// On a backend that knows its algorithms already; that their search leaves nothing either is tested beside it. A run that fails gives
    /// back what it took: nothing but the backend's own is alive behind it.
    /// </summary>
    private void FailEachOnOneBackend(Action<CudaBackend> run)
    {
        using (var backend = new CudaBackend())
        {
            run(backend);
            backend.Pool.Trim();
            Dictionary<EmulatedKind, long> own = Enum.GetValues<EmulatedKind>().ToDictionary(k => k, Emulator.Outstanding);
            long before = Emulator.Calls();
            run(backend);
            int failed = FailEach(Emulator.Calls() - before, () => run(backend), () =>
            {
                backend.Pool.Trim();
                foreach ((EmulatedKind kind, long count) in own)
                    Assert.InRange(Emulator.Outstanding(kind), 0, count);
            });
            Assert.True(failed > 100, $"Only {failed} calls could fail.");
        }

        Assert.Empty(Emulator.Living);
    }

    /// <summary>Fails call by call; how many of them made the run fail.</summary>
    private int FailEach(long calls, Action run, Action? afterwards = null)
    {
        int failures = 0;
        for (long call = 1; call <= calls; call++)
        {
            Emulator.FailCall(call, persistent: 0);
            try
            {
                run();
            }
            catch (SunetException failure)
            {
                failures++;
                Assert.False(string.IsNullOrWhiteSpace(failure.Message));
            }

            Emulator.FailCall(0, persistent: 0);
            Assert.True(Emulator.Violations.Count == 0, $"Call {call} of {calls} fails: {string.Join("; ", Emulator.Violations)}");
            afterwards?.Invoke();
        }

        output.WriteLine($"{calls} calls, {failures} made the run fail");
        return failures;
    }

    private static SunetSpec Spec { get; } = new()
    {
        Config = new SunetConfig("custom", Filters: 4, Depth: 1, [4, 4, 8, 8]) { StemWidth = 4, ResidualWidth = 4 },
        Head = SunetHead.Segmenter,
        Classes = 3,
        OutputStride = 32,
    };
}
