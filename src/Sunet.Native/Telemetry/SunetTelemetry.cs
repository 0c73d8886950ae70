using System.Diagnostics;
using System.Diagnostics.Metrics;
using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Telemetry;

/// <summary>
/// What the library tells <c>System.Diagnostics</c> of its work, for OpenTelemetry, <c>dotnet-counters</c> and <c>dotnet-trace</c>. Both
/// the meter and the activity source are named <see cref="Name"/>. While nobody listens nothing is measured or allocated.
/// <para>
/// Instruments: <c>sunet.training.steps</c> ({step}), <c>sunet.training.images</c> ({image}), <c>sunet.training.loss</c> (of the last
/// step), <c>sunet.training.step.duration</c> (s), <c>sunet.training.data_wait.duration</c> (s, of every batch);
/// <c>sunet.prediction.images</c> ({image}), <c>sunet.prediction.duration</c> (s, of every call), <c>sunet.prediction.runs</c> ({run} of
/// the network: one a scale, tile or crop); <c>sunet.plan.compile.duration</c> (s) and <c>sunet.plan.memory</c> (By), both by
/// <c>purpose</c>; <c>sunet.checkpoint.saves</c> ({file}) and <c>sunet.checkpoint.save.duration</c> (s), both by <c>kind</c>: <c>state</c>
/// or <c>weights</c>.
/// </para>
/// <para>
/// Activities, which are also a profiler's ranges (NVTX) while <c>sunet profile</c> has them recorded: <c>step</c> with <c>step/data</c>,
/// <c>step/forward</c>, <c>step/backward</c> and <c>step/update</c> within; <c>predict</c>; <c>compile</c>; <c>checkpoint</c>. A step that
/// is replayed as one CUDA graph has no parts but its data, and where a device runs ahead, they are the time of asking for the work.
/// </para>
/// </summary>
public static class SunetTelemetry
{
    /// <summary>The name of the meter and of the activity source.</summary>
    public const string Name = "Sunet.Native";

    internal const string StepActivity = "step";
    internal const string DataActivity = "step/data";
    internal const string ForwardActivity = "step/forward";
    internal const string BackwardActivity = "step/backward";
    internal const string UpdateActivity = "step/update";
    internal const string PredictActivity = "predict";
    internal const string CompileActivity = "compile";
    internal const string CheckpointActivity = "checkpoint";

    private const string Seconds = "s";
    private const string KindTag = "kind";
    private const string PurposeTag = "purpose";

    private static readonly ActivitySource Source = new(Name);
    private static readonly Meter Meter = new(Name);

    private static readonly Counter<long> Steps = Meter.CreateCounter<long>("sunet.training.steps", "{step}", "Updates made");

    private static readonly Counter<long> TrainedImages =
        Meter.CreateCounter<long>("sunet.training.images", "{image}", "Images trained on");

    private static readonly Gauge<double> Loss = Meter.CreateGauge<double>("sunet.training.loss", null, "Mean loss of the last step");

    private static readonly Histogram<double> StepDuration =
        Meter.CreateHistogram<double>("sunet.training.step.duration", Seconds, "Duration of a step, its data included");

    private static readonly Histogram<double> DataWait =
        Meter.CreateHistogram<double>("sunet.training.data_wait.duration", Seconds, "Time a step waited for a batch");

    private static readonly Counter<long> PredictedImages =
        Meter.CreateCounter<long>("sunet.prediction.images", "{image}", "Images predicted");

    private static readonly Histogram<double> PredictionDuration =
        Meter.CreateHistogram<double>("sunet.prediction.duration", Seconds, "Duration of a call that predicts, compilation included");

    private static readonly Counter<long> Runs =
        Meter.CreateCounter<long>("sunet.prediction.runs", "{run}", "Runs of the network: one a scale, tile or crop");

    private static readonly Histogram<double> CompileDuration =
        Meter.CreateHistogram<double>("sunet.plan.compile.duration", Seconds, "Duration of a plan's compilation");

    private static readonly Histogram<long> PlanMemory =
        Meter.CreateHistogram<long>("sunet.plan.memory", "By", "Memory of a compiled plan");

    private static readonly Counter<long> Saves = Meter.CreateCounter<long>("sunet.checkpoint.saves", "{file}", "Checkpoints written");

    private static readonly Histogram<double> SaveDuration =
        Meter.CreateHistogram<double>("sunet.checkpoint.save.duration", Seconds, "Duration of writing a checkpoint durably");

    /// <summary>
    /// Begins an activity, a profiler's range and a time; the caller disposes it, on this thread, where the work ends, well or not.
    /// </summary>
    internal static MeasuredWork Begin(string activity)
    {
        bool isRange = NvtxRanges.IsEnabled;
        if (isRange)
            NvtxRanges.Push(activity);
        return new MeasuredWork(Source.StartActivity(activity), isRange, Stopwatch.GetTimestamp());
    }

    internal static void Stepped(MeasuredWork step, int images, double loss)
    {
        Steps.Add(1);
        TrainedImages.Add(images);
        Loss.Record(loss);
        StepDuration.Record(step.Seconds);
    }

    internal static void Waited(MeasuredWork data) => DataWait.Record(data.Seconds);

    internal static void Predicted(MeasuredWork prediction, int images = 1)
    {
        PredictedImages.Add(images);
        PredictionDuration.Record(prediction.Seconds);
    }

    internal static void NetworkRan() => Runs.Add(1);

    internal static void Compiled(MeasuredWork compilation, string purpose, long bytes)
    {
        var tag = new KeyValuePair<string, object?>(PurposeTag, purpose);
        CompileDuration.Record(compilation.Seconds, tag);
        PlanMemory.Record(bytes, tag);
    }

    internal static void Saved(MeasuredWork save, string kind)
    {
        var tag = new KeyValuePair<string, object?>(KindTag, kind);
        Saves.Add(1, tag);
        SaveDuration.Record(save.Seconds, tag);
    }
}

/// <summary>Work under way: its activity, if somebody listens, and when it began.</summary>
internal readonly struct MeasuredWork(Activity? activity, bool isRange, long start) : IDisposable
{
    /// <summary>How long it has taken so far.</summary>
    public double Seconds => Stopwatch.GetElapsedTime(start).TotalSeconds;

    /// <inheritdoc/>
    public void Dispose()
    {
        activity?.Dispose();
        if (isRange)
            NvtxRanges.Pop();
    }
}
