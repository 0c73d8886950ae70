using CommunityToolkit.HighPerformance;
using Sunet.Native.Backends;
using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Inference;
using Sunet.Native.Interop.Cpu;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;
using Sunet.Native.Tests.Backends.Cuda;
using Sunet.Native.Tests.Facade;
using Sunet.Native.Training;

namespace Sunet.Native.Tests.Lifetimes;

/// <summary>What is disposed while it runs, or before what needs it: refused, or waited for, and nothing is left behind.</summary>
public sealed class DisposalOrderTests : EmulatorTest
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly Dictionary<string, string> NoNotes = [];

    [Theory]
    [InlineData(Device.Cpu)]
    [InlineData(Device.Cuda)]
    public void Plan_WeightStoreDisposedFirst_Refuses(Device device)
    {
        using IBackend backend = device.Open();
        var store = new WeightStore(backend);
        Plan plan = PlanLifetimes.Labels(backend, out SunetGraph network, store);
        plan.Write(network.Image, new byte[network.Image.Shape.Count]);
        plan.Run(Phase.Forward);
        using PreparedWork recorded = plan.Record(Phase.Forward);
        store.Dispose();
        ObjectDisposedException refused = Assert.Throws<ObjectDisposedException>(() => plan.Run(Phase.Forward));
        Assert.Contains(nameof(WeightStore), refused.ObjectName, StringComparison.Ordinal);
        Assert.Throws<ObjectDisposedException>(recorded.Run);
        Value weight = network.Graph.Parameters[0];
        Assert.Throws<ObjectDisposedException>(() => plan.Read(weight, new float[weight.Shape.Count]));
        Assert.Throws<ObjectDisposedException>(() => PlanLifetimes.Labels(backend, out _, store));
        plan.Dispose();
        store.Dispose();
    }

    /// <summary>A plan keeps its store: nobody else may hold it, and the collector must not take the weights.</summary>
    [Fact]
    public void Plan_WeightStoreHeldByNobodyElse_KeepsIt()
    {
        using IBackend backend = Device.Cpu.Open();
        WeakReference store = Compile(backend, out Plan plan);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        WeightStore kept = Assert.IsType<WeightStore>(store.Target);
        plan.Dispose();
        kept.Dispose();

        static WeakReference Compile(IBackend backend, out Plan plan)
        {
            var store = new WeightStore(backend);
            plan = PlanLifetimes.Labels(backend, out _, store);
            return new WeakReference(store);
        }
    }

    /// <summary>What is compiled goes on; nothing new is.</summary>
    [Theory]
    [InlineData(Device.Cpu)]
    [InlineData(Device.Cuda)]
    public void Plan_BackendDisposedFirst_GoesOn(Device device)
    {
        IBackend backend = device.Open();
        Plan plan = PlanLifetimes.Labels(backend, out SunetGraph network);
        byte[] image = [.. Enumerable.Range(0, (int)network.Image.Shape.Count).Select(i => (byte)(i * 7))];
        byte[] before = Run(), after;
        backend.Dispose();
        backend.Dispose();
        after = Run();
        Assert.Equal(before, after);
        Assert.Throws<ObjectDisposedException>(() => PlanLifetimes.Labels(backend, out _));
        plan.Dispose();

        byte[] Run()
        {
            var labels = new byte[32 * 48];
            plan.Write(network.Image, image);
            plan.Run(Phase.Forward);
            plan.Read(network.Graph.Outputs.Single(), labels);
            return labels;
        }
    }

    [Theory]
    [InlineData(Device.Cpu)]
    [InlineData(Device.Cuda)]
    public void Everything_BackendDisposedFirst_IsDisposedWithoutALeak(Device device)
    {
        IBackend backend = device.Open();
        FixedBatches batches = SmallModel.Batches();
        Trainer trainer = SmallModel.Trainer(batches, backend);
        trainer.Step();
        var predictor = new Predictor(SunetModel.Create(SmallModel.Spec), new PredictorOptions(), backend);
        predictor.Segment(new Rgb[32, 48], new byte[32, 48]);
        IDeviceMemory memory = backend.Allocate(64);
        backend.Dispose();
        trainer.Step();
        predictor.Segment(new Rgb[32, 48], new byte[32, 48]);
        Assert.Throws<ObjectDisposedException>(() => predictor.Segment(new Rgb[64, 48], new byte[64, 48]));
        predictor.Dispose();
        trainer.Dispose();
        memory.Dispose();
        memory.Dispose();
    }

    [Theory]
    [InlineData(Device.Cpu)]
    [InlineData(Device.Cuda)]
    public void Trainer_ItsPlanDisposedFirst_Refuses(Device device)
    {
        using IBackend backend = device.Open();
        using FixedBatches batches = SmallModel.Batches();
        using Trainer trainer = SmallModel.Trainer(batches, backend, SmallModel.Options with { Accumulate = 2 });
        trainer.Step();
        trainer.Plan.Dispose();
        Assert.Throws<ObjectDisposedException>(() => trainer.SaveState("nowhere", NoNotes));
        Assert.Throws<ObjectDisposedException>(() => trainer.Step());
        Assert.Throws<ObjectDisposedException>(() => trainer.CopyTo(SunetModel.Create(SmallModel.Spec)));
    }

    /// <summary>Without waiting for the task: the step that is made ends, and the task tells.</summary>
    [Theory]
    [InlineData(Device.Cpu, true)]
    [InlineData(Device.Cpu, false)]
    [InlineData(Device.Cuda, true)]
    public async Task Trainer_DisposedWhileItRuns_EndsTheRun(Device device, bool cancel)
    {
        using IBackend backend = device.Open();
        for (int i = 0; i < 5; i++)
        {
            using FixedBatches batches = SmallModel.Batches();
            using var source = new CancellationTokenSource();
            Trainer trainer = SmallModel.Trainer(batches, backend);
            var began = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Task run = trainer.RunAsync(long.MaxValue, new SameThreadProgress<TrainingStep>(_ => began.TrySetResult()), source.Token);
            await began.Task.WaitAsync(Patience);
            if (cancel)
                await source.CancelAsync();
            trainer.Dispose();
            Exception? ended = await Record.ExceptionAsync(() => run.WaitAsync(Patience));
            if (cancel)
                Assert.True(run.IsCanceled, $"{ended}");
            else
                Assert.IsType<ObjectDisposedException>(ended);
        }
    }

    /// <summary>Others use the trainer between two updates of the run.</summary>
    [Fact]
    public async Task Trainer_SavedWhileItRuns_SavesAWholeStep()
    {
        using IBackend backend = Device.Cpu.Open();
        using FixedBatches batches = SmallModel.Batches();
        using var source = new CancellationTokenSource();
        using Trainer trainer = SmallModel.Trainer(batches, backend), alone = SmallModel.Trainer(batches, backend);
        Task run = trainer.RunAsync(long.MaxValue, cancellation: source.Token);
        using var folder = new Files.TemporaryFolder();
        trainer.SaveState(folder["state"], NoNotes);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.WaitAsync(Patience));

        using Trainer resumed = SmallModel.Trainer(batches, backend);
        resumed.Resume(folder["state"]);
        alone.Run(resumed.CompletedSteps);
        Assert.Equal(SmallModel.Hash(alone), SmallModel.Hash(resumed));
    }

    [Theory]
    [InlineData(Device.Cpu)]
    [InlineData(Device.Cuda)]
    public async Task Plan_DisposedWhileItRuns_WaitsForTheRun(Device device)
    {
        using IBackend backend = device.Open();
        await DisposeWithin(PlanLifetimes.Labels(backend, out _), plan => plan);
        var store = new WeightStore(backend);
        using Plan shared = PlanLifetimes.Labels(backend, out _, store);
        await DisposeWithin(shared, _ => store);
    }

    [Fact]
    public async Task ActivationMapper_DisposedWhileItRuns_WaitsForTheCallAndFreesItsPlan()
    {
        using IBackend backend = Device.Cpu.Open();
        long before = NativeRuntime.Outstanding.Bytes;
        var weights = new WatchedWeights(SunetModel.Create(SmallModel.Spec));
        var mapper = new ActivationMapper(weights, backend);
        using var inside = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        weights.OnRead = _ =>
        {
            inside.Set();
            Assert.True(goOn.Wait(Patience));
        };
        Task<IReadOnlyList<ActivationMap>> compute = Task.Run(() => mapper.Compute(new Rgb[32, 48]));
        Assert.True(inside.Wait(Patience));
        Task dispose = Task.Run(mapper.Dispose);
        goOn.Set();
        Assert.NotEmpty(await compute.WaitAsync(Patience));
        await dispose.WaitAsync(Patience);
        Assert.Equal(before, NativeRuntime.Outstanding.Bytes);
        Assert.Throws<ObjectDisposedException>(() => mapper.Compute(new Rgb[32, 48]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task WarmUp_CancelledWhileACallRuns_EndsAtOnce(int concurrency)
    {
        using IBackend backend = Device.Cpu.Open();
        using var predictor = new Predictor(
            SunetModel.Create(SmallModel.Spec), new PredictorOptions { Concurrency = concurrency }, backend);
        using var inside = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        Task running = Task.Run(() => predictor.Segment(new Rgb[32, 48], new byte[32, 48], new SameThreadProgress<PredictionProgress>(_ =>
        {
            inside.Set();
            Assert.True(goOn.Wait(Patience));
        })));
        Assert.True(inside.Wait(Patience));
        using var source = new CancellationTokenSource();

        // Of two who wait, the second waits for the first.
        Task[] warming = [.. Enumerable.Range(0, 2).Select(_ => Task.Run(() => predictor.WarmUp(64, 64, source.Token)))];
        await source.CancelAsync();
        foreach (Task one in warming)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => one.WaitAsync(Patience));
        Assert.False(running.IsCompleted);
        goOn.Set();
        await running.WaitAsync(Patience);
        predictor.WarmUp(64, 64);
    }

    [Fact]
    public async Task Segment_CancelledWhileAnotherCompiles_EndsAtOnce()
    {
        using IBackend backend = Device.Cpu.Open();
        var weights = new WatchedWeights(SunetModel.Create(SmallModel.Spec));
        using var predictor = new Predictor(weights, new PredictorOptions { Concurrency = 2 }, backend);
        using var inside = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        weights.OnRead = _ =>
        {
            inside.Set();
            Assert.True(goOn.Wait(Patience));
        };
        Task running = Task.Run(() => predictor.Segment(new Rgb[32, 48], new byte[32, 48]));
        Assert.True(inside.Wait(Patience));
        using var source = new CancellationTokenSource();
        Task other = Task.Run(() => predictor.Segment(new Rgb[64, 48], new byte[64, 48], cancellation: source.Token));
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => other.WaitAsync(Patience));
        Assert.False(running.IsCompleted);
        goOn.Set();
        await running.WaitAsync(Patience);
    }

    /// <summary>Disposes something while a plan runs, which ends as usual before the disposal does.</summary>
    private static async Task DisposeWithin(Plan plan, Func<Plan, IDisposable> what)
    {
        using var inside = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        bool ended = false;
        Task run = Task.Run(() => plan.Run(Phase.Forward, new Observer(() =>
        {
            inside.Set();
            Assert.True(goOn.Wait(Patience));
            Volatile.Write(ref ended, true);
        })));
        Assert.True(inside.Wait(Patience));
        Task<bool> dispose = Task.Run(() =>
        {
            what(plan).Dispose();
            return Volatile.Read(ref ended);
        });
        goOn.Set();
        await run.WaitAsync(Patience);
        Assert.True(await dispose.WaitAsync(Patience));
        Assert.Throws<ObjectDisposedException>(() => plan.Run(Phase.Forward));
    }
}
