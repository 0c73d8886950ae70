using Sunet.Native.Backends;
using Sunet.Verification.Golden;
using Sunet.Verification.Reference;

namespace Sunet.Verification;

/// <summary>
/// Examines a backend where it is installed: every op against a reference in float64, whole networks against values from PyTorch, and,
/// by methods of their own since they ask for certain backends, training. Needs nothing but the library itself.
/// </summary>
public static class SelfTest
{
    /// <summary>The largest relative difference between the final losses of a training in low precision and one in float32.</summary>
    private const double TrainingTolerance = 0.05;

    private const int ComparedSteps = 200;

    /// <summary>What <see cref="SelfTestOptions.Only"/> can name: groups, ops, kinds of layers and golden cases.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [.. SelfTestGroups.All.Concat(OpGraph.Kinds).Concat(LayerGraph.Kinds).Concat(GoldenCase.Names).Distinct()];

    /// <summary>Runs all checks; one that fails keeps none of the others from running.</summary>
    /// <param name="backend">What to examine.</param>
    /// <param name="options">What to cover, and the backend's arithmetic.</param>
    /// <param name="progress">Told of every check when it is done; may be null.</param>
    /// <param name="cancellation">Stops between two checks.</param>
    /// <exception cref="ArgumentException">The options name a check that there is not.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static SelfTestReport Run(
        IBackend backend, SelfTestOptions options, IProgress<SelfTestCheck>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(backend);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Only.FirstOrDefault(name => !Names.Contains(name)) is { } unknown)
            throw new ArgumentException($"There is no check '{unknown}'; there are {string.Join(", ", Names)}.", nameof(options));
        var checks = new List<SelfTestCheck>();
        foreach (SelfTestCheck check in Checks(backend, options, cancellation))
        {
            checks.Add(check);
            progress?.Report(check);
        }

        return new SelfTestReport(checks);
    }

    /// <summary>
    /// Trains a small network for 200 steps on two backends. The loss of the tested one must end within 5 % of the reference's.
    /// </summary>
    /// <param name="reference">A backend in float32.</param>
    /// <param name="tested">The backend to examine.</param>
    /// <param name="cancellation">Stops before a step.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static SelfTestCheck CompareTraining(IBackend reference, IBackend tested, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(tested);
        return TrainingChecks.Compare(reference, tested, ComparedSteps, TrainingTolerance, cancellation);
    }

    /// <summary>Trains a small network twice; not a bit of weights, running statistics and losses may differ.</summary>
    /// <param name="backend">The backend to examine, opened so that it is deterministic.</param>
    /// <param name="cancellation">Stops before a step.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static SelfTestCheck RepeatTraining(IBackend backend, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(backend);
        return TrainingChecks.Repeat(backend, cancellation);
    }

    private static IEnumerable<SelfTestCheck> Checks(IBackend backend, SelfTestOptions options, CancellationToken cancellation)
    {
        foreach (string kind in OpGraph.Kinds.Where(kind => options.Covers(SelfTestGroups.Op, kind)))
            yield return OpChecks.Op(backend, kind, options, cancellation);

        // Behind rounded activations a ReLU may switch at another pixel than the reference's, so layers are compared in float32 alone.
        if (options.Precision == Precision.Float32)
        {
            foreach (string kind in LayerGraph.Kinds.Where(kind => options.Covers(SelfTestGroups.Layer, kind)))
                yield return OpChecks.Layer(backend, kind, options, cancellation);
        }

        foreach (SelfTestCheck check in GoldenChecks.Run(backend, options, cancellation))
            yield return check;
    }
}
