using System.Diagnostics;

namespace Sunet.Cli.Tests.Settings;

/// <summary>Every number that an option takes, at its extremes: one line and its exit code at once, whatever is computed of it.</summary>
public sealed class NumericOptionTests(TinyRuns runs) : IClassFixture<TinyRuns>, IDisposable
{
    private const string Largest = "2147483647", Billion = "1000000000", Infinite = "1e308";

    /// <summary>Fits into the numbers that sizes are computed in, and into no machine's memory.</summary>
    private const string Enormous = "1048576x65536";

    private readonly TemporaryFolder folder = new();

    public static TheoryData<string, string, string, int> Extremes => new()
    {
        { "train", "filters", "65536", 4 },
        { "train", "filters", Largest, 1 },
        { "train", "depth", Largest, 1 },
        { "train", "widths", "8,8,8," + Largest, 1 },
        { "train", "stem-width", Largest, 1 },
        { "train", "residual-width", "65536", 4 },
        { "train", "batch", "1000000", 1 },
        { "train", "imgsz", "32768x32768", 1 },
        { "train", "imgsz", Largest + "x" + Largest, 1 },
        { "train", "epochs", Largest, 0 },
        { "train", "iters", Largest, 0 },
        { "train", "lr", Infinite, 0 },
        { "train", "momentum", Infinite, 1 },
        { "train", "weight-decay", Infinite, 1 },
        { "train", "warmup", Largest, 0 },
        { "train", "lr-step-size", Largest, 0 },
        { "train", "lr-gamma", Infinite, 0 },
        { "train", "bn-momentum", Infinite, 1 },
        { "train", "accumulate", Largest, 0 },
        { "train", "final-lr-multiplier", Infinite, 0 },
        { "train", "workers", Billion, 1 },
        { "train", "threads", Billion, 1 },
        { "train", "scale-min", Infinite, 1 },
        { "train", "scale-max", "1e9", 1 },
        { "train", "rotation", Infinite, 1 },
        { "train", "calibrate", Largest, 0 },
        { "train", "cache", Largest, 0 },
        { "train", "val-every", Largest, 0 },
        { "train", "save-every", Largest, 0 },
        { "train", "seed", "18446744073709551616", 1 },
        { "info", "imgsz", Enormous, 4 },
        { "info", "imgsz", Largest + "x" + Largest, 4 },
        { "info", "imgsz", Largest + "x32", 4 },
        { "info", "batch", "100000000", 4 },
        { "info", "batch", Largest, 4 },
        { "info", "classes", Largest, 1 },
        { "info", "filters", "65536", 4 },
        { "bench", "imgsz", Enormous, 4 },
        { "bench", "batch", "100000000", 4 },
        { "bench", "iters", Largest, 1 },
        { "bench", "workspace-limit", "2147483648", 1 },
        { "bench compare", "imgsz", Enormous, 4 },
        { "bench compare", "batch", Largest, 4 },
        { "bench compare", "iters", Largest, 1 },
        { "bench --data", "imgsz", Largest, 1 },
        { "bench --data", "batch", Largest, 1 },
        { "bench --data", "workers", Billion, 1 },
        { "profile", "window", "1:2147483648", 1 },
        { "export", "sizes", "20000x20000", 1 },
        { "export", "sizes", Largest + "x" + Largest, 1 },
        { "export", "sizes", "1000000x32", 1 },
        { "export", "threads", Billion, 1 },
        { "predict", "scales", "1e9", 1 },
        { "predict", "tile", Largest, 0 },
        { "predict", "overlap", Largest, 1 },
        { "predict", "crop", Largest, 1 },
        { "predict", "crop", "65535", 4 },
        { "predict --crop", "crop-base", Largest, 1 },
        { "predict --crop", "crop-base", "65535", 4 },
        { "predict --crop", "crop-stride", Infinite, 1 },
        { "val", "limit", Largest, 0 },
        { "val", "crop", "65535", 4 },
        { "calibrate", "imgsz", Largest, 1 },
        { "calibrate", "batch", Largest, 1 },
        { "calibrate", "workers", Billion, 1 },
        { "data synth", "size", "65536x65536", 1 },
        { "data synth", "size", "32x" + Largest, 1 },
        { "data synth", "train", Largest, 1 },
        { "data synth", "val", Largest, 1 },
        { "data convert", "workers", Billion, 0 },
        { "selftest", "threads", Billion, 1 },
    };

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Extremes))]
    public void Option_Extreme_EndsAtOnceWithItsExitCode(string command, string option, string value, int code)
    {
        long start = Stopwatch.GetTimestamp();
        CommandResult result = CommandResult.Of(With(Arguments(command), "--" + option, value));
        Assert.True(result.Code == code, $"exit code {result.Code}: {result.Error}");
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromMinutes(1), "It worked for a minute.");
        if (code == 0)
            return;
        string line = result.ErrorLines[^1];
        Assert.StartsWith("sunet: ", line, StringComparison.Ordinal);
        Assert.DoesNotContain(result.ErrorLines[..^1], l => l.StartsWith("sunet: ", StringComparison.Ordinal));
    }

    private string[] Arguments(string command) => command switch
    {
        "train" =>
        [
            .. TinyRuns.Train(runs.Data, folder["runs"], "exp"), "--schedule", "step", "--dry-run",
        ],
        "info" or "bench" or "bench compare" => [.. command.Split(' '), .. Model("--imgsz", "64")],
        "bench --data" => ["bench", "--data", runs.Data, "--imgsz", "32", "--batch", "2", "--iters", "1", "--warmup", "1"],
        "profile" => ["profile", .. Model("--imgsz", "64")],
        "export" => ["export", "--weights", runs.Weights, "--out", folder["model.onnx"], "--verify", "--threads", "1"],
        "predict" => ["predict", .. Prediction("--source", Path.Combine(runs.Data, "JPEGImages", "scene_000000.jpg"))],
        "predict --crop" => [.. Arguments("predict"), "--crop", "64"],
        "val" => ["val", "--weights", runs.Weights, "--data", runs.Data, "--threads", "1"],
        "calibrate" =>
        [
            "calibrate", "--weights", runs.Weights, "--data", runs.Data, "--out",
            folder["calibrated.safetensors"], "--imgsz", "32", "--batch", "2",
            "--workers", "1", "--threads", "1",
        ],
        "data synth" => ["data", "synth", "--out", folder["synth"], "--train", "1", "--val", "1", "--size", "32"],
        "data convert" => ["data", "convert", "--data", runs.Data, "--out", folder["converted"]],
        "selftest" => ["selftest", "--only", "Relu"],
        _ => throw new ArgumentException($"There are no arguments for '{command}'.", nameof(command)),
    };

    private static string[] Model(params string[] more) =>
        ["--model", "custom", "--filters", "4", "--depth", "1", "--widths", "8,8,8,8", "--threads", "1", .. more];

    private string[] Prediction(params string[] more) =>
        ["--weights", runs.Weights, "--project", folder["predict"], "--threads", "1", .. more];

    /// <summary>The arguments with an option's value in place of the one there is, or added.</summary>
    private static string[] With(string[] arguments, string option, string value)
    {
        int at = Array.IndexOf(arguments, option);
        if (at < 0)
            return [.. arguments, option, value];
        arguments[at + 1] = value;
        return arguments;
    }
}
