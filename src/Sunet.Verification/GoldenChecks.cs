using System.Diagnostics;
using Sunet.Native;
using Sunet.Native.Backends;
using Sunet.Native.Inference;
using Sunet.Native.Models;
using Sunet.Native.Tensors;
using Sunet.Native.Training;
using Sunet.Verification.Golden;

namespace Sunet.Verification;

/// <summary>Checks whole networks against PyTorch's float64.</summary>
internal static class GoldenChecks
{
    /// <summary>How the names of cases begin that average predictions over scales.</summary>
    private const string MultiScalePrefix = "multiscale-";

    /// <summary>Cases whose training PyTorch followed over some steps.</summary>
    private static readonly string[] Descents = ["sunet64-seg-os16", "sunet64-cls"];

    private static TrainerOptions SegmenterOptions { get; } = new()
    {
        Sgd = new SgdOptions { LearningRate = 2e-4, Momentum = 0.95f, WeightDecay = 1e-4f, Groups = ParameterGroup.FineTuning },
        Schedule = LearningRateSchedule.Cosine(10),
        BatchNormMomentum = 0.01f,
    };

    private static TrainerOptions ClassifierOptions { get; } = new()
    {
        Sgd = new SgdOptions { LearningRate = 0.01, Momentum = 0.9f, Nesterov = true, WeightDecay = 5e-4f, Groups = [] },
        BatchNormMomentum = 0.1f,
    };

    /// <summary>A step that moves no weight and makes the running statistics those of its batch.</summary>
    private static TrainerOptions StatisticsOnly { get; } = new() { Sgd = new SgdOptions { LearningRate = 0 }, BatchNormMomentum = 1 };

    /// <summary>Makes all checks of all cases, or of one case in a quick run.</summary>
    public static IEnumerable<SelfTestCheck> Run(IBackend backend, SelfTestOptions options, CancellationToken cancellation)
    {
        GoldenBars bars = Tolerances.OfNetwork(options.Precision);
        foreach (string name in Covered(options.Quick ? [Descents[0]] : GoldenCase.Names.Where(n => !IsMultiScale(n))))
        {
            cancellation.ThrowIfCancellationRequested();
            foreach (SelfTestCheck check in Guarded(name, () => Network(backend, name, bars)))
                yield return check;
        }

        foreach (string name in Covered(options.Quick ? Descents[..1] : Descents))
        {
            cancellation.ThrowIfCancellationRequested();
            foreach (SelfTestCheck check in Guarded(name, () => [Descent(backend, name, bars.Descent, cancellation)]))
                yield return check;
        }

        foreach (string name in Covered(options.Quick ? [] : GoldenCase.Names.Where(IsMultiScale)))
        {
            cancellation.ThrowIfCancellationRequested();
            foreach (SelfTestCheck check in Guarded(name,
                () => [.. MultiScale(backend, name, flip: false, bars), .. MultiScale(backend, name, flip: true, bars)]))
                yield return check;
        }

        IEnumerable<string> Covered(IEnumerable<string> names) => names.Where(name => options.Covers(SelfTestGroups.Golden, name));
    }

    private static bool IsMultiScale(string name) => name.StartsWith(MultiScalePrefix, StringComparison.Ordinal);

    /// <summary>Follows a case's training; the error is the largest of its losses', relative.</summary>
    public static SelfTestCheck Descent(IBackend backend, string name, double tolerance, CancellationToken cancellation)
    {
        GoldenCase golden = GoldenCase.Read(name);
        (double[] expected, _) = golden.Descent();
        using var source = new GoldenBatches(golden);
        var watch = Stopwatch.StartNew();
        using var trainer = new Trainer(golden.CreateModel(), source, golden.IsClassifier ? ClassifierOptions : SegmenterOptions, backend);
        double error = 0;
        foreach (double loss in expected)
            error = Math.Max(error, Math.Abs((trainer.Step(cancellation).Loss / loss) - 1));
        return new SelfTestCheck(
            SelfTestGroups.Golden, name, error, tolerance, watch.Elapsed.TotalMilliseconds, trainer.Plan.Memory.TotalBytes,
            $"losses of {expected.Length} training steps");
    }

    /// <summary>
    /// Checks predictions averaged over scales: the error of the probabilities, and the share of pixels that change their class.
    /// </summary>
    public static IReadOnlyList<SelfTestCheck> MultiScale(IBackend backend, string name, bool flip, GoldenBars bars)
    {
        GoldenCase golden = GoldenCase.Read(name);
        SunetModel model = golden.CreateModel();
        var watch = Stopwatch.StartNew();
        using (var source = new GoldenBatches(golden))
        using (var trainer = new Trainer(model, source, StatisticsOnly, backend))
        {
            trainer.Step();
            trainer.CopyTo(model);
        }

        using var predictor = new Predictor(model, new PredictorOptions { Scales = golden.Scales(), Flip = flip }, backend);
        var probabilities = new float[golden.Input.WithChannels(model.Spec.Classes).Count];
        predictor.Average(golden.CreateInput(), golden.Input, probabilities);
        (Summary expected, int[] counts) = golden.MultiScale(flip);
        double error = GoldenErrors.OfSummary("probabilities", Array.ConvertAll(probabilities, p => (double)p), expected);
        int moved = counts
            .Zip(CountLikeliest(probabilities, golden.Input.WithChannels(counts.Length)), (a, b) => Math.Abs(a - b))
            .Sum() / 2;
        double milliseconds = watch.Elapsed.TotalMilliseconds;
        return
        [
            new(SelfTestGroups.Golden, name, error, bars.Forward, milliseconds, 0, flip ? "probabilities, mirrored" : "probabilities"),
            new(SelfTestGroups.Golden, name, (double)moved / counts.Sum(), bars.Moved, milliseconds, 0, "share of pixels in another class"),
        ];
    }

    private static int[] CountLikeliest(float[] probabilities, Shape shape)
    {
        var counts = new int[shape.Channels];
        int plane = shape.Height * shape.Width;
        for (int pixel = 0; pixel < shape.Batch * plane; pixel++)
        {
            int start = ((pixel / plane) * shape.Channels * plane) + (pixel % plane);
            counts[Enumerable.Range(0, shape.Channels).MaxBy(c => probabilities[start + (c * plane)])]++;
        }

        return counts;
    }

    /// <summary>One training step and one prediction of a case.</summary>
    public static List<SelfTestCheck> Network(IBackend backend, string name, GoldenBars bars)
    {
        GoldenCase golden = GoldenCase.Read(name);
        var watch = Stopwatch.StartNew();
        GoldenRun run = GoldenRun.On(backend, golden);
        double milliseconds = watch.Elapsed.TotalMilliseconds;
        var errors = new GoldenErrors(golden, run);
        List<SelfTestCheck> checks =
        [
            Check("loss", errors.Loss, bars.Forward),
            Check("training logits", Math.Max(errors.Low, errors.Logits), bars.Forward),
            Check("prediction logits", Math.Max(errors.EvaluationLow, errors.EvaluationLogits), bars.Forward),
            Check("running statistics", errors.Running, bars.Forward),
        ];
        if (bars.WorstGradient is { } worst)
            checks.Add(Check("worst gradient", errors.WorstGradient, worst));
        if (bars.MedianGradient is { } median)
            checks.Add(Check("median gradient", errors.MedianGradient, median));
        return checks;

        SelfTestCheck Check(string what, double error, double tolerance) =>
            new(SelfTestGroups.Golden, name, error, tolerance, milliseconds, run.PlanBytes, what);
    }

    private static List<SelfTestCheck> Guarded(string name, Func<List<SelfTestCheck>> run)
    {
        try
        {
            return run();
        }
        catch (SunetException failure)
        {
            return [new SelfTestCheck(SelfTestGroups.Golden, name, double.PositiveInfinity, 0, 0, 0, failure.Message)];
        }
    }
}
