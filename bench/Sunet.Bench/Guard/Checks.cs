using System.Text.Json;

namespace Sunet.Bench.Guard;

/// <summary>The bars of the CPU backend. Slack is what a shared machine with two cores was seen to add.</summary>
internal static class Checks
{
    private const double Megabyte = 1e6;

    /// <summary>All of them, in the order they run.</summary>
    public static IReadOnlyList<Check> All { get; } =
    [
        .. Inference("sunet64", toOnnxRuntime: 0.70, mostMegabytes: 200),
        .. Inference("sunet7128", toOnnxRuntime: 0.95, mostMegabytes: 400),
        new(new Bar("training", "sunet64, step of 2 x 256 x 256 / its direct convolutions alone", 1.20, 0.05),
            w => DirectRatio(w, "--model", "sunet64", "--imgsz", "256", "--batch", "2", "--train")),
        new(new Bar("training", "sunet7128, step of 2 x 256 x 256 / its direct convolutions alone", 1.20, 0.05),
            w => DirectRatio(w, "--model", "sunet7128", "--imgsz", "256", "--batch", "2", "--train")),
        new(new Bar("memory", "sunet7128, training on 2 x 256 x 256: peak", 1000, 0.03, Unit: "MB"), TrainingPeak),
        new(new Bar("memory", "sunet64, prediction: measured / planned bytes", 1, 0.001), _ => Memory.MeasuredToPlanned(train: false)),
        new(new Bar("memory", "sunet64, training step: measured / planned bytes", 1, 0.001), _ => Memory.MeasuredToPlanned(train: true)),
        new(new Bar("tiling", "peak of twice the side / that plus the image and mask", 1, 0.05), TilingPeak),
        new(new Bar("overhead", "sunet64, prediction: managed time at most", 2, 0.1, Unit: "%"), w => Overhead.Percent(w, train: false)),
        new(new Bar("overhead", "sunet64, training step: managed time at most", 2, 0.1, Unit: "%"), w => Overhead.Percent(w, train: true)),
        new(new Bar("overhead", "allocations of a prediction", 0, 0), _ => Memory.AllocationsOfPrediction()),
        new(new Bar("overhead", "allocations of a training step", 0, 0), _ => Memory.AllocationsOfStep()),
        new(new Bar("start", "sunet7128, load and first prediction", 1500, 0.1, Unit: "ms"),
            w => Compare(w, "sunet7128").GetProperty("contenders")[0].GetProperty("first_ms").GetDouble()),
        new(new Bar("threads", "sunet64, 1 thread / 2 threads", 1.85, 0.05, AtLeast: true), Scaling.Threads),
        new(new Bar("growth", "sunet64, exponent of time over pixels", 1.05, 0.03), Scaling.OverPixels),
        new(new Bar("growth", "sunet64, exponent of time over images in a batch", 1.05, 0.03), Scaling.OverBatch),
    ];

    private static IEnumerable<Check> Inference(string model, double toOnnxRuntime, double mostMegabytes) =>
    [
        new(new Bar("inference", $"{model}, 512 x 512 / ONNX Runtime", toOnnxRuntime, 0.05),
            w => Compare(w, model).GetProperty("ratio").GetDouble()),
        new(new Bar("inference", $"{model}, 512 x 512 / its direct convolutions alone", 1.10, 0.05),
            w => DirectRatio(w, "--model", model)),
        new(new Bar("memory", $"{model}, prediction of 512 x 512: peak", mostMegabytes, 0.03, Unit: "MB"),
            w => w.Peak(Predict(w, model, side: 512)) / Megabyte),
    ];

    private static JsonElement Compare(Workshop w, string model) => w.Json("bench", "compare", "--model", model, "--iters", $"{w.Rounds}");

    /// <summary>The step over its convolutions as direct sums; where the plan has no others, they are those of the plan.</summary>
    private static double? DirectRatio(Workshop w, params string[] what)
    {
        JsonElement result = w.Json(["bench", "--device", "cpu", .. what, "--iters", $"{w.Rounds}"]);
        return result.TryGetProperty("direct_ratio", out JsonElement direct) ? direct.GetDouble() : result.GetProperty("ratio").GetDouble();
    }

    private static string[] Predict(Workshop w, string model, int side) =>
    [
        "predict", "--device", "cpu", "--weights", w.Weights(model), "--source", w.Image(side), "--project", w.At("predict"),
        "--no-overlay", "--exist-ok", "--quiet",
    ];

    private static double? TrainingPeak(Workshop w)
    {
        string data = w.At("data");
        if (!Directory.Exists(data))
            w.Peak("data", "synth", "--out", data, "--train", "4", "--val", "2", "--size", "256", "--quiet");
        return w.Peak("train", "--device", "cpu", "--data", data, "--model", "sunet7128", "--imgsz", "256", "--batch", "2", "--iters",
            "4", "--project", w.At("train"), "--exist-ok", "--quiet") / Megabyte;
    }

    /// <summary>Tiles make what the network takes the same for any image; what grows is the image, and a byte a pixel of labels.</summary>
    private static double? TilingPeak(Workshop w)
    {
        const int BytesPerPixel = 3 + 1;
        int side = w.Quick ? 2048 : 4096;
        long own = BytesPerPixel * 4L * side * side;
        return (double?)w.Peak(Predict(w, "sunet64", 2 * side)) / (w.Peak(Predict(w, "sunet64", side)) + own);
    }
}
