using System.Diagnostics;
using System.Globalization;
using Sunet.Native.Backends;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;
using Sunet.Native.Training;

namespace Sunet.Verification;

/// <summary>A small network trained: the same twice, and as well in low precision as in float32.</summary>
internal static class TrainingChecks
{
    private const int RepeatedSteps = 20, Window = 20;

    /// <summary>
    /// Training amplifies any rounding: float32 with another number of threads, which only sums in another order, ends some 2 %
    /// from itself. The mean over three networks is held to 5 %, four deviations of such a mean.
    /// </summary>
    private const int Networks = 3;
    private static readonly Shape Images = new(2, 3, 32, 48);

    private static SunetSpec Spec { get; } = new()
    {
        Config = new SunetConfig("custom", Filters: 16, Depth: 1, [16, 32, 32, 48]) { StemWidth = 16, ResidualWidth = 16 },
        Head = SunetHead.Segmenter,
        Classes = 5,
        OutputStride = 8,
    };

    /// <summary>Trains twice and counts the elements of weights, running statistics and losses whose bits differ.</summary>
    public static SelfTestCheck Repeat(IBackend backend, CancellationToken cancellation)
    {
        string name = $"{RepeatedSteps} steps, twice";
        try
        {
            TrainingResult first = Train(backend, RepeatedSteps, cancellation), second = Train(backend, RepeatedSteps, cancellation);
            long different = Different([.. first.Losses], [.. second.Losses])
                + first.Model.Names.Sum(n => Different(first.Model.Read(n).ToArray(), second.Model.Read(n).ToArray()));
            return new SelfTestCheck(SelfTestGroups.Training, name, different, 0, first.Milliseconds + second.Milliseconds, first.Bytes,
                "weights, running statistics and losses that differ");
        }
        catch (SunetException failure)
        {
            return new SelfTestCheck(SelfTestGroups.Training, name, double.PositiveInfinity, 0, 0, 0, failure.Message);
        }
    }

    /// <summary>Trains a few networks on both and compares the mean loss of their last steps.</summary>
    public static SelfTestCheck Compare(IBackend reference, IBackend tested, int steps, double tolerance, CancellationToken cancellation)
    {
        string name = $"{Networks} networks, {steps} steps, against float32";
        try
        {
            double before = 0, after = 0, found = 0, milliseconds = 0;
            long bytes = 0;
            for (ulong seed = 1; seed <= Networks; seed++)
            {
                TrainingResult expected = Train(reference, steps, cancellation, seed), actual = Train(tested, steps, cancellation, seed);
                before += expected.Losses[0] / Networks;
                after += Tail(expected) / Networks;
                found += Tail(actual) / Networks;
                milliseconds += actual.Milliseconds;
                bytes = actual.Bytes;
            }

            // A reference that has not learned would agree with anything.
            double error = after < 0.8 * before ? Math.Abs((found / after) - 1) : double.PositiveInfinity;
            string detail = string.Create(CultureInfo.InvariantCulture, $"loss {before:F4} to {after:F4} in float32, to {found:F4} here");
            return new SelfTestCheck(SelfTestGroups.Training, name, error, tolerance, milliseconds, bytes, detail);
        }
        catch (SunetException failure)
        {
            return new SelfTestCheck(SelfTestGroups.Training, name, double.PositiveInfinity, tolerance, 0, 0, failure.Message);
        }
    }

    private static TrainingResult Train(IBackend backend, int steps, CancellationToken cancellation, ulong seed = 1)
    {
        SunetModel model = SunetModel.Create(Spec, seed);
        using var source = new PatternBatches(Images, Spec.Classes);
        var options = new TrainerOptions
        {
            Sgd = new SgdOptions { LearningRate = 0.01, Momentum = 0.9f },
            Schedule = LearningRateSchedule.Cosine(steps),
            BatchNormMomentum = 0.05f,
        };
        var watch = Stopwatch.StartNew();
        using var trainer = new Trainer(model, source, options, backend);
        var losses = new float[steps];
        for (int step = 0; step < steps; step++)
            losses[step] = (float)trainer.Step(cancellation).Loss;
        trainer.CopyTo(model);
        return new TrainingResult(losses, model, watch.Elapsed.TotalMilliseconds, trainer.Plan.Memory.TotalBytes);
    }

    private static double Tail(TrainingResult result) => result.Losses.TakeLast(Window).Average();

    private static long Different(float[] a, float[] b) =>
        a.Zip(b).LongCount(pair => BitConverter.SingleToInt32Bits(pair.First) != BitConverter.SingleToInt32Bits(pair.Second));

    private sealed record TrainingResult(IReadOnlyList<float> Losses, SunetModel Model, double Milliseconds, long Bytes);
}
