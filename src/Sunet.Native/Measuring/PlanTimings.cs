using System.Diagnostics;
using Sunet.Native.Backends;
using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Ops;

namespace Sunet.Native.Measuring;

/// <summary>How a plan is timed.</summary>
internal sealed record PlanTimingOptions
{
    /// <summary>The most steps that are counted: the times of every call in every step are kept.</summary>
    public const int MaxIterations = 100_000;

    /// <summary>Steps run first and not counted, at least 1.</summary>
    public int WarmUp { get; init; } = 3;

    /// <summary>Steps counted, 1 to <see cref="MaxIterations"/>; every time is a median over them.</summary>
    public int Iterations { get; init; } = 20;

    /// <summary>Refuses numbers that make no sense.</summary>
    /// <exception cref="ConfigurationException">A number is out of range.</exception>
    public void Validate()
    {
        if (WarmUp < 1 || Iterations is < 1 or > MaxIterations)
        {
            throw new ConfigurationException(
                FormattableString.Invariant($"A plan is timed over 1 to {MaxIterations} iterations, after 1 or more to warm up; ")
                + FormattableString.Invariant($"not {Iterations} after {WarmUp}."));
        }
    }
}

/// <summary>A plan and how it is run to be timed.</summary>
/// <param name="Plan">The plan; its parameters are written already.</param>
/// <param name="WriteInputs">
/// Writes its inputs; called before every run and every step, because a run may reuse their memory, and a step may count on what the one
/// before wrote ahead.
/// </param>
/// <param name="Step">
/// What a whole step is, inputs included; null: all phases of the plan, one after the other, recorded as predictors and trainers do.
/// </param>
internal sealed record TimedPlan(Plan Plan, Action WriteInputs, Action? Step = null);

/// <summary>The time of one call of a plan.</summary>
/// <param name="Layer">The layer's name.</param>
/// <param name="Kind">The kind of op.</param>
/// <param name="Phase">When it runs.</param>
/// <param name="Implementation">What the backend chose for it.</param>
/// <param name="Flops">
/// Floating-point operations of one run; of a convolution those of the direct sum, whatever its algorithm; 0 where nothing runs.
/// </param>
/// <param name="Bytes">Bytes of all it reads and writes in one run, each value once; 0 where nothing runs.</param>
/// <param name="Milliseconds">The median within a step.</param>
/// <param name="AloneMilliseconds">
/// The median of a convolution or one of its gradients run back to back, warmed up by itself; null for others.
/// </param>
/// <param name="LeastMilliseconds">The fastest of all these runs.</param>
internal sealed record CallTiming(
    string Layer, string Kind, Phase Phase, string Implementation, long Flops, long Bytes, double Milliseconds, double? AloneMilliseconds,
    double LeastMilliseconds)
{
    /// <summary>10^9 floating-point operations a second, within a step.</summary>
    public double GigaflopsPerSecond => Milliseconds > 0 ? Flops / (Milliseconds * 1e6) : 0;

    /// <summary>10^9 bytes read and written a second, within a step.</summary>
    public double GigabytesPerSecond => Milliseconds > 0 ? Bytes / (Milliseconds * 1e6) : 0;

    /// <summary>Floating-point operations for every byte read or written.</summary>
    public double FlopsPerByte => Bytes > 0 ? (double)Flops / Bytes : 0;
}

/// <summary>Where the time of a plan goes, and how far a step is from the convolutions that it cannot do without.</summary>
/// <param name="Calls">The plan's calls in running order, timed with an observer.</param>
/// <param name="StepMilliseconds">The median step, timed without one.</param>
/// <param name="DirectConvolutionsMilliseconds">
/// The sum of the convolutions of a second plan, which makes every one by the direct sum, timed alone in the same turns; null without one.
/// </param>
internal sealed record PlanTimings(IReadOnlyList<CallTiming> Calls, double StepMilliseconds, double? DirectConvolutionsMilliseconds)
{
    /// <summary>The sum of the convolution primitives (forward, data and weight gradients), each timed alone in this process.</summary>
    public double ConvolutionsAloneMilliseconds => Calls.Sum(c => c.AloneMilliseconds ?? 0);

    /// <summary>The sum of the same calls within the step.</summary>
    public double ConvolutionsInStepMilliseconds => Calls.Where(c => c.AloneMilliseconds is not null).Sum(c => c.Milliseconds);

    /// <summary>The step over its convolutions alone; 1 would be a step that does nothing else and loses nothing.</summary>
    public double Ratio => StepMilliseconds / ConvolutionsAloneMilliseconds;

    /// <summary>
    /// The step over its convolutions as direct sums alone: below 1 where faster algorithms save more than all else takes. Null where they
    /// were not timed.
    /// </summary>
    public double? DirectRatio => StepMilliseconds / DirectConvolutionsMilliseconds;

    /// <summary>
    /// Times a plan. Steps, calls and lone convolutions alternate, so that a machine that becomes slower for a while slows all of them.
    /// </summary>
    /// <param name="timed">The plan.</param>
    /// <param name="options">How often.</param>
    /// <param name="direct">The same with every convolution as a direct sum, whose convolutions are timed alone; null for none.</param>
    /// <param name="cancellation">Stops between two steps.</param>
    /// <exception cref="ConfigurationException">An option is out of range.</exception>
    /// <exception cref="ObjectDisposedException">A plan is disposed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static PlanTimings Measure(
        TimedPlan timed, PlanTimingOptions options, TimedPlan? direct = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(timed);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        Plan plan = timed.Plan;
        var steps = new double[options.Iterations];
        using PreparedWork? recorded = timed.Step is null ? plan.Session.Record(() => Run(plan, null)) : null;
        using ICallClock clock = ClockOf(plan);
        using ICallClock? directClock = direct is null ? null : ClockOf(direct.Plan);
        var within = new InStep(plan.Calls.Count, options.Iterations, clock);
        var alone = new Alone(plan.Calls, options.Iterations, clock);
        Alone? directAlone = direct is null ? null : new Alone(direct.Plan.Calls, options.Iterations, directClock!);
        for (int i = -options.WarmUp; i < options.Iterations; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            int iteration = Math.Max(0, i);
            steps[iteration] = TimeStep(timed, timed.Step ?? recorded!.Run);
            Watch(timed, within, iteration);
            Watch(timed, alone, iteration);
            if (direct is not null)
                Watch(direct, directAlone!, iteration);
        }

        CallTiming[] calls =
            [.. plan.Calls.Select((c, i) => TimingOf(plan, c, within.Times[i], IsConvolution(c.Op) ? alone.Times[i] : null))];
        double? directSum = direct?.Plan.Calls.Select((c, i) => IsConvolution(c.Op) ? Median(directAlone!.Times[i]) : 0).Sum();
        return new PlanTimings(calls, Median(steps), directSum);
    }

    /// <summary>Whether an op is a convolution, a transposed one, or a gradient of either.</summary>
    public static bool IsConvolution(Op op) => ConvolutionRoles.Of(op) is not null;

    /// <summary>The number in the middle of one or more, or the mean of the two there.</summary>
    public static double Median(IEnumerable<double> numbers)
    {
        double[] sorted = [.. numbers.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private static ICallClock ClockOf(Plan plan)
    {
        using CallGate.Scope inside = plan.Enter();
        return plan.Session.CreateClock(2 * plan.Calls.Count);
    }

    private static CallTiming TimingOf(Plan plan, PlannedCall c, double[] within, double[]? alone) => new(
        c.Op.Name, c.Op.Kind, c.Op.Phase, c.Call.Implementation, c.Call is NoCall ? 0 : c.Op.Flops, BytesOf(plan.Session, c),
        Median(within), alone is null ? null : Median(alone), within.Concat(alone ?? []).Min());

    private static long BytesOf(IBackendSession session, PlannedCall c) =>
        c.Call is NoCall ? 0 : c.Op.Inputs.Concat(c.Op.Outputs).Distinct().Sum(session.Layouts.BytesOf);

    private static double TimeStep(TimedPlan timed, Action step)
    {
        timed.WriteInputs();
        timed.Plan.Synchronize();
        long start = Stopwatch.GetTimestamp();
        step();
        timed.Plan.Synchronize();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static void Watch(TimedPlan timed, CallTimes observer, int iteration)
    {
        timed.WriteInputs();
        Run(timed.Plan, observer);
        observer.Collect(iteration);
    }

    private static void Run(Plan plan, IPlanObserver? observer)
    {
        plan.Run(Phase.Forward, observer);
        plan.Run(Phase.Backward, observer);
        plan.Run(Phase.Update, observer);
    }

    private abstract class CallTimes(int calls, int iterations, ICallClock clock) : IPlanObserver
    {
        public double[][] Times { get; } = [.. Enumerable.Range(0, calls).Select(_ => new double[iterations])];

        public abstract void Starting(int index, PlannedCall call);

        public abstract void Finished(int index, PlannedCall call);

        /// <summary>Takes down the times of the run that has just been made.</summary>
        public void Collect(int iteration)
        {
            for (int i = 0; i < Times.Length; i++)
            {
                if (IsTimed(i))
                    Times[i][iteration] = clock.Milliseconds(2 * i, (2 * i) + 1);
            }
        }

        protected abstract bool IsTimed(int index);

        protected void Begin(int index) => clock.Mark(2 * index);

        protected void End(int index) => clock.Mark((2 * index) + 1);
    }

    private sealed class InStep(int calls, int iterations, ICallClock clock) : CallTimes(calls, iterations, clock)
    {
        public override void Starting(int index, PlannedCall call) => Begin(index);

        public override void Finished(int index, PlannedCall call) => End(index);

        protected override bool IsTimed(int index) => true;
    }

    /// <summary>
    /// Repeats each convolution at its place in the plan, where its inputs are what they are in a step: elsewhere their memory holds other
    /// things, and numbers that are not ordinary take other times.
    /// </summary>
    private sealed class Alone(IReadOnlyList<PlannedCall> calls, int iterations, ICallClock clock)
        : CallTimes(calls.Count, iterations, clock)
    {
        private readonly bool[] timed = [.. calls.Select(c => IsConvolution(c.Op))];

        public override void Starting(int index, PlannedCall call)
        {
        }

        public override void Finished(int index, PlannedCall call)
        {
            if (!timed[index])
                return;
            call.Call.Run();
            Begin(index);
            call.Call.Run();
            End(index);
        }

        protected override bool IsTimed(int index) => timed[index];
    }
}
