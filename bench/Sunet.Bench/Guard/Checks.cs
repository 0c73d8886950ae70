using System.Text.Json;
using Sunet.Bench.Guard.Throughput;
using Sunet.Native.Interop.Cpu;

namespace Sunet.Bench.Guard;

/// <summary>The bars of the CPU backend. Slack is what a shared machine with two cores was seen to add.</summary>
internal static class Checks
{
    private const double Megabyte = 1e6;

    /// <summary>The ratio of the least times, not of medians, because whatever else the machine does can only add to a time.</summary>
    private const string LeastRatio = "least_ratio";

    /// <summary>All of them, in the order they run.</summary>
    public static IReadOnlyList<Check> All { get; } =
    [
        .. Inference("sunet64", toOnnxRuntime: 0.70, mostMegabytes: 200),
        .. Inference("sunet7128", toOnnxRuntime: 0.95, mostMegabytes: 400),
        new(new Bar("training", "sunet64, step of 2 x 256 x 256 / its direct convolutions alone", 1.20, 0.05),
            w => DirectRatio(w, "--model", "sunet64", "--imgsz", "256", "--batch", "2", "--train")),
        new(new Bar("training", "sunet7128, step of 2 x 256 x 256 / its direct convolutions alone", 1.20, 0.05),
            w => DirectRatio(w, "--model", "sunet7128", "--imgsz", "256", "--batch", "2", "--train")),
        .. InBf16("sunet64", toOnnxRuntime: 0.55),
        .. InBf16("sunet7128", toOnnxRuntime: 0.65),
        new(new Bar("memory", "sunet7128, training on 2 x 256 x 256: peak", 1000, 0.03, Unit: "MB"), TrainingPeak),
        new(new Bar("memory", "sunet64, prediction: measured / planned bytes", 1, 0.001), _ => Memory.MeasuredToPlanned(train: false)),
        new(new Bar("memory", "sunet64, training step: measured / planned bytes", 1, 0.001), _ => Memory.MeasuredToPlanned(train: true)),
        new(new Bar("tiling", "sunet64, tiled prediction of twice the side / of the side, beside image and labels: peak", 1.2, 0.05),
            Memory.TilesOfTwiceTheSide),
        new(new Bar("overhead", "sunet64, prediction: managed time at most", 2, 0.1, Unit: "%"), w => Overhead.Percent(w, train: false)),
        new(new Bar("overhead", "sunet64, training step: managed time at most", 2, 0.1, Unit: "%"), w => Overhead.Percent(w, train: true)),
        new(new Bar("overhead", "allocations of a prediction", 0, 0), _ => Memory.AllocationsOfPrediction()),
        new(new Bar("overhead", "allocations of a training step", 0, 0), _ => Memory.AllocationsOfStep()),
        new(new Bar("start", "sunet7128, load and first prediction", 1500, 0.1, Unit: "ms"),
            w => Compare(w, "sunet7128").GetProperty("contenders")[0].GetProperty("first_ms").GetDouble()),
        new(new Bar("threads", "sunet64, 1 thread / 2 threads", 1.85, 0.05, AtLeast: true), Scaling.Threads),
        new(new Bar("growth", "sunet64, exponent of time over pixels", 1.05, 0.03), Scaling.OverPixels),
        new(new Bar("growth", "sunet64, exponent of time over images in a batch", 1.05, 0.03), Scaling.OverBatch),
        .. ThroughputChecks.All,
    ];

    private static IEnumerable<Check> Inference(string model, double toOnnxRuntime, double mostMegabytes) =>
    [
        new(new Bar("inference", $"{model}, 512 x 512 / ONNX Runtime", toOnnxRuntime, 0.05),
            w => Compare(w, model).GetProperty(LeastRatio).GetDouble()),
        new(new Bar("inference", $"{model}, 512 x 512 / its direct convolutions alone", 1.10, 0.05),
            w => DirectRatio(w, "--model", model)),
        new(new Bar("memory", $"{model}, prediction of 512 x 512: peak", mostMegabytes, 0.03, Unit: "MB"),
            w => w.Peak(Predict(w, model)) / Megabyte),
    ];

    /// <summary>Where the CPU multiplies bfloat16; whether it does so faster than float32 differs from CPU to CPU.</summary>
    private static IEnumerable<Check> InBf16(string model, double toOnnxRuntime) =>
    [
        new(new Bar("bf16", $"{model}, 512 x 512 in bf16 / ONNX Runtime in float32", toOnnxRuntime, 0.05),
            w => NativeRuntime.Query().HasBFloat16 ? Compare(w, model, "--precision", "bf16").GetProperty(LeastRatio).GetDouble() : null),
        new(new Bar("bf16", $"{model}, step of 2 x 256 x 256 in bf16 / in float32", 0.65, 0.05), w => Scaling.Bf16Step(w, model)),
    ];

    private static JsonElement Compare(GuardFixture w, string model, params string[] more) =>
        w.Json(["bench", "compare", "--model", model, "--iters", $"{w.Rounds}", .. more]);

    /// <summary>The step over its convolutions as direct sums; where the plan has no others, they are those of the plan.</summary>
    private static double? DirectRatio(GuardFixture w, params string[] what)
    {
        JsonElement result = w.Json(["bench", "--device", "cpu", .. what, "--iters", $"{w.Rounds}"]);
        return result.TryGetProperty("direct_ratio", out JsonElement direct) ? direct.GetDouble() : result.GetProperty("ratio").GetDouble();
    }

    private static string[] Predict(GuardFixture w, string model) =>
    [
        "predict", "--device", "cpu", "--weights", w.Weights(model), "--source", w.Image(512), "--project", w.At("predict"),
        "--no-overlay", "--exist-ok", "--quiet",
    ];

    private static double? TrainingPeak(GuardFixture w)
    {
        string data = w.At("data");
        if (!Directory.Exists(data))
            w.Peak("data", "synth", "--out", data, "--train", "4", "--val", "2", "--size", "256", "--quiet");
        return w.Peak("train", "--device", "cpu", "--data", data, "--model", "sunet7128", "--imgsz", "256", "--batch", "2", "--iters",
            "4", "--project", w.At("train"), "--exist-ok", "--quiet") / Megabyte;
    }
}
