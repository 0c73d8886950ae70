using CommunityToolkit.HighPerformance;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Inference;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;
using Sunet.Native.Tests.Facade;
using Sunet.Native.Tests.Files;
using Sunet.Native.Training;

namespace Sunet.Native.Tests.Lifetimes;

/// <summary>A callback that calls the object whose call it is part of would wait for itself: it is told so at once.</summary>
public sealed class CallbackTests : IDisposable
{
    private const int Height = 32, Width = 48;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly CpuBackend backend = new(threads: 1);
    private readonly Rgb[,] image = new Rgb[Height, Width];
    private readonly byte[,] labels = new byte[Height, Width];

    public void Dispose() => backend.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Predictor_CalledByItsProgress_Refuses(int concurrency)
    {
        var predictor = new Predictor(SunetModel.Create(SmallModel.Spec), new PredictorOptions { Concurrency = concurrency }, backend);
        var found = new List<Exception?>();
        var progress = new SameThreadProgress<PredictionProgress>(_ =>
        {
            found.Add(Record.Exception(() => predictor.Segment(image, labels)));
            found.Add(Record.Exception(() => predictor.SegmentAsync(image, labels).GetAwaiter().GetResult()));
            found.Add(Record.Exception(() => predictor.Count(image, labels, new ConfusionMatrix(SmallModel.Spec.Classes))));
            found.Add(Record.Exception(() => predictor.Probabilities(image, new float[SmallModel.Spec.Classes * image.Length])));
            found.Add(Record.Exception(() => predictor.WarmUp(Height, Width)));
            found.Add(Record.Exception(predictor.Dispose));
        });
        await Task.Run(() => predictor.Segment(image, labels, progress)).WaitAsync(Patience);
        await predictor.SegmentAsync(image, labels, progress).WaitAsync(Patience);
        var probabilities = new float[SmallModel.Spec.Classes * image.Length];
        await Task.Run(() => predictor.Probabilities(image, probabilities, progress)).WaitAsync(Patience);
        Assert.Equal(18, found.Count);
        Assert.All(found, RequireCallbackError);
        predictor.Segment(image, labels);
        predictor.Dispose();
    }

    /// <summary>Only the thread that is inside would wait for itself.</summary>
    [Fact]
    public async Task Predictor_CalledByAnotherThreadMeanwhile_Waits()
    {
        using var predictor = new Predictor(SunetModel.Create(SmallModel.Spec), new PredictorOptions(), backend);
        Task? other = null;
        predictor.Segment(image, labels, new SameThreadProgress<PredictionProgress>(
            _ => other = Task.Run(() => predictor.Segment(image, labels))));
        await other!.WaitAsync(Patience);
    }

    /// <summary>Another predictor may be asked, whoever's progress asks.</summary>
    [Fact]
    public void Predictor_CalledByAnothersProgress_Answers()
    {
        SunetModel model = SunetModel.Create(SmallModel.Spec);
        using var first = new Predictor(model, new PredictorOptions(), backend);
        using var second = new Predictor(model, new PredictorOptions(), backend);
        byte[,] inner = new byte[Height, Width];
        first.Segment(image, labels, new SameThreadProgress<PredictionProgress>(_ => second.Segment(image, inner)));
        Assert.Equal(labels, inner);
        first.Segment(image, labels);
    }

    [Fact]
    public async Task Predictor_CalledByItsWeights_Refuses()
    {
        var weights = new WatchedWeights(SunetModel.Create(SmallModel.Spec));
        using var predictor = new Predictor(weights, new PredictorOptions(), backend);
        weights.OnRead = _ => predictor.Segment(image, labels);
        RequireCallbackError(await Record.ExceptionAsync(() => Task.Run(() => predictor.Segment(image, labels)).WaitAsync(Patience)));
        weights.OnRead = null;
        predictor.Segment(image, labels);
    }

    [Fact]
    public async Task ImageClassifier_CalledByItsWeights_Refuses()
    {
        var weights = new WatchedWeights(SunetModel.Create(SmallModel.Classifier));
        var probabilities = new float[SmallModel.Spec.Classes];
        using var classifier = new ImageClassifier(weights, backend);
        foreach (Action use in (Action[])[() => classifier.Probabilities(image, probabilities), classifier.Dispose])
        {
            weights.OnRead = _ => use();
            RequireCallbackError(await Record.ExceptionAsync(
                () => Task.Run(() => classifier.Probabilities(image, probabilities)).WaitAsync(Patience)));
        }

        weights.OnRead = null;
        classifier.Probabilities(image, probabilities);
    }

    [Fact]
    public async Task ActivationMapper_CalledByItsWeights_Refuses()
    {
        var weights = new WatchedWeights(SunetModel.Create(SmallModel.Spec));
        using var mapper = new ActivationMapper(weights, backend);
        foreach (Action use in (Action[])[() => mapper.Compute(image), mapper.Dispose])
        {
            weights.OnRead = _ => use();
            RequireCallbackError(await Record.ExceptionAsync(() => Task.Run(() => mapper.Compute(image)).WaitAsync(Patience)));
        }

        weights.OnRead = null;
        Assert.NotEmpty(mapper.Compute(image));
    }

    /// <summary>Between two updates a trainer may be saved and copied, and no more.</summary>
    [Fact]
    public void Trainer_CalledByItsProgress_MaySaveOnly()
    {
        using var folder = new TemporaryFolder();
        using FixedBatches batches = SmallModel.Batches();
        using Trainer trainer = SmallModel.Trainer(batches, backend);
        SunetModel model = SunetModel.Create(SmallModel.Spec);
        var found = new List<Exception?>();
        trainer.Run(1, new SameThreadProgress<TrainingStep>(_ =>
        {
            trainer.CopyTo(model);
            trainer.SaveState(folder["state"], new Dictionary<string, string>());
            found.Add(Record.Exception(() => trainer.Step()));
            found.Add(Record.Exception(() => trainer.Run(5)));
            found.Add(Record.Exception(() => trainer.RunAsync(5).GetAwaiter().GetResult()));
            found.Add(Record.Exception(() => trainer.Resume(folder["state"])));
            found.Add(Record.Exception(trainer.Dispose));
        }));
        Assert.Equal(5, found.Count);
        Assert.All(found, RequireCallbackError);
        trainer.Run(2);
        Assert.Equal(2, trainer.CompletedSteps);
    }

    [Fact]
    public void Trainer_CalledByItsBatchSource_Refuses()
    {
        Trainer? trainer = null;
        var found = new List<Exception?>();
        using var batches = new FixedBatches(SmallModel.Images, SmallModel.Spec.Classes)
        {
            OnRead = () =>
            {
                found.Add(Record.Exception(() => trainer!.Step()));
                found.Add(Record.Exception(() => trainer!.Run(5)));
                found.Add(Record.Exception(() => trainer!.CopyTo(SunetModel.Create(SmallModel.Spec))));
                found.Add(Record.Exception(() => trainer!.SaveState("nowhere", new Dictionary<string, string>())));
                found.Add(Record.Exception(() => trainer!.Resume("nowhere")));
                found.Add(Record.Exception(() => trainer!.ReleaseWorkingMemory()));
                found.Add(Record.Exception(() => trainer!.Dispose()));
            },
        };
        trainer = SmallModel.Trainer(batches, backend);
        trainer.Step();
        Assert.Equal(7, found.Count);
        Assert.All(found, RequireCallbackError);
        trainer.Dispose();
    }

    /// <summary>An observer may look at the plan, which must stay as it is.</summary>
    [Fact]
    public void Plan_CalledByItsObserver_MayBeReadNotDisposed()
    {
        var store = new WeightStore(backend);
        Plan plan = PlanLifetimes.Labels(backend, out SunetGraph network, store);
        plan.Write(network.Image, new byte[network.Image.Shape.Count]);
        var found = new List<Exception?>();
        Value bias = network.Graph.Parameters.First(p => p.Shape.Rank == 1);
        plan.Run(Phase.Forward, new Observer(() =>
        {
            plan.Read(bias, new float[bias.Shape.Count]);
            found.Add(Record.Exception(plan.Dispose));
            found.Add(Record.Exception(store.Dispose));
        }));
        Assert.Equal(2 * plan.Calls.Count, found.Count);
        Assert.All(found, RequireCallbackError);
        plan.Dispose();
        store.Dispose();
    }

    private static void RequireCallbackError(Exception? found)
    {
        Assert.IsType<InvalidOperationException>(found);
        Assert.Contains("callback", found.Message, StringComparison.Ordinal);
    }
}
