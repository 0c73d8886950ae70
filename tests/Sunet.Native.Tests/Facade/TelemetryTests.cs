using System.Diagnostics;
using System.Diagnostics.Metrics;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Compilation;
using Sunet.Native.Inference;
using Sunet.Native.Interop.Cpu;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Telemetry;
using Sunet.Native.Tensors;
using Sunet.Native.Tests.Files;
using Sunet.Native.Training;

namespace Sunet.Native.Tests.Facade;

/// <summary>
/// What listeners hear of training, prediction, compilation and checkpoints. That silence costs nothing, steady steps show.
/// </summary>
public sealed class TelemetryTests : IDisposable
{
    private readonly CpuBackend backend = new(threads: 1);

    public void Dispose() => backend.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Step_WithListeners_TellsOfStepsImagesLossAndTimes(int accumulate)
    {
        using FixedBatches batches = SmallModel.Batches();
        using Trainer trainer = SmallModel.Trainer(batches, backend, SmallModel.Options with { Accumulate = accumulate });
        using var heard = new Listeners();
        double loss = trainer.Step().Loss + trainer.Step().Loss;
        Assert.Equal([1, 1], heard["sunet.training.steps"]);
        Assert.Equal([2 * accumulate, 2 * accumulate], heard["sunet.training.images"]);
        Assert.Equal(loss, heard["sunet.training.loss"].Sum());
        Assert.Equal(2, heard["sunet.training.step.duration"].Count(seconds => seconds > 0));
        Assert.Equal(2 * accumulate, heard["sunet.training.data_wait.duration"].Count);
        Assert.True(heard["sunet.training.data_wait.duration"].Sum() < heard["sunet.training.step.duration"].Sum());

        string[] batch = ["step/data", "step/forward", "step/backward", "step/update"];
        string[] step = [.. Enumerable.Repeat(batch, accumulate).SelectMany(b => b), "step"];
        Assert.Equal([.. step, .. step], heard.Activities.Select(a => a.OperationName));
        Assert.All(heard.Activities.Where(a => a.OperationName != "step"), a => Assert.Equal("step", a.Parent?.OperationName));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Segment_WithListeners_TellsOfImagesAndRuns(int scales)
    {
        var options = new PredictorOptions { Scales = [.. Enumerable.Repeat(1.0, scales)] };
        using var predictor = new Predictor(SunetModel.Create(SmallModel.Spec), options, backend);
        var image = new Rgb[32, 40];
        using var heard = new Listeners();
        predictor.Segment(image, new byte[32, 40]);
        predictor.Count(image, new byte[32, 40], new ConfusionMatrix(SmallModel.Spec.Classes));
        predictor.Probabilities(image, new float[SmallModel.Spec.Classes * 32 * 40]);
        Assert.Equal([1, 1, 1], heard["sunet.prediction.images"]);
        Assert.Equal(3, heard["sunet.prediction.duration"].Count(seconds => seconds > 0));
        Assert.Equal(3 * scales, heard["sunet.prediction.runs"].Sum());
        Assert.Equal(3, heard.Activities.Count(a => a.OperationName == "predict"));
        Assert.NotEmpty(heard["sunet.plan.compile.duration inference"]);
    }

    [Fact]
    public async Task SegmentAsync_WithListeners_IsToldOnce()
    {
        using var predictor = new Predictor(SunetModel.Create(SmallModel.Spec), new PredictorOptions(), backend);
        using var heard = new Listeners();
        await predictor.SegmentAsync(new Rgb[32, 40], new byte[32, 40]);
        Assert.Equal([1], heard["sunet.prediction.images"]);
    }

    [Fact]
    public void Segment_ImageThatFails_IsNotCounted()
    {
        using var predictor = new Predictor(SunetModel.Create(SmallModel.Spec), new PredictorOptions(), backend);
        using var heard = new Listeners();
        var cancelled = new CancellationToken(canceled: true);
        Assert.ThrowsAny<OperationCanceledException>(() => predictor.Segment(new Rgb[32, 40], new byte[32, 40], cancellation: cancelled));
        Assert.Empty(heard["sunet.prediction.images"]);
        Assert.Null(Activity.Current);
    }

    [Fact]
    public void Save_WithListeners_TellsOfStateAndWeights()
    {
        using FixedBatches batches = SmallModel.Batches();
        using var folder = new TemporaryFolder();
        using var heard = new Listeners();
        using Trainer trainer = SmallModel.Trainer(batches, backend);
        trainer.SaveState(folder["state"], new Dictionary<string, string>());
        SunetModel.Create(SmallModel.Spec).Save(folder["model.safetensors"]);
        Assert.Equal([1], heard["sunet.checkpoint.saves state"]);
        Assert.Equal([1], heard["sunet.checkpoint.saves weights"]);
        Assert.True(heard["sunet.checkpoint.save.duration state"].Single() > 0);
        Assert.Equal([trainer.Plan.Memory.TotalBytes], heard["sunet.plan.memory training"]);
        Assert.Equal(["compile", "checkpoint", "checkpoint"], heard.Activities.Select(a => a.OperationName));
    }

    [Fact]
    public void Compile_Cancelled_HoldsNothing()
    {
        long before = NativeRuntime.Outstanding.Bytes;
        SunetGraph network = SunetGraph.ForInference(SmallModel.Spec, SmallModel.Images);
        Assert.Throws<OperationCanceledException>(
            () => Plan.Compile(network.Graph, backend, new PlanOptions(), new CancellationToken(canceled: true)));
        Assert.Equal(before, NativeRuntime.Outstanding.Bytes);
    }

    /// <summary>Hears everything of the library, for as long as it is not disposed.</summary>
    private sealed class Listeners : IDisposable
    {
        private readonly Dictionary<string, List<double>> measured = [];
        private readonly MeterListener meters = new();
        private readonly ActivityListener activities;

        public Listeners()
        {
            meters.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == SunetTelemetry.Name)
                    listener.EnableMeasurementEvents(instrument);
            };
            meters.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Hear(instrument, value, tags));
            meters.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Hear(instrument, value, tags));
            meters.Start();
            activities = new ActivityListener
            {
                ShouldListenTo = source => source.Name == SunetTelemetry.Name,
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
                ActivityStopped = Activities.Add,
            };
            ActivitySource.AddActivityListener(activities);
        }

        /// <summary>Activities in the order they ended.</summary>
        public List<Activity> Activities { get; } = [];

        /// <summary>What an instrument measured; one with a tag is asked for by its name and the tag's value.</summary>
        public List<double> this[string name] => measured.GetValueOrDefault(name, []);

        public void Dispose()
        {
            meters.Dispose();
            activities.Dispose();
        }

        private void Hear(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            string name = tags.Length == 0 ? instrument.Name : $"{instrument.Name} {tags[0].Value}";
            if (!measured.TryGetValue(name, out List<double>? values))
                measured.Add(name, values = []);
            values.Add(value);
        }
    }
}
