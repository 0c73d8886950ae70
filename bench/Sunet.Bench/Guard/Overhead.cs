using System.Diagnostics;
using Sunet.Cli.Runs.Timing;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Measuring;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Bench.Guard;

/// <summary>
/// An upper bound for the managed share of a step. Managed is the time between calls, which an observer sees, its own two looks at the
/// clock included; and within every call the way into the library and out, which is less than a whole call on a single element takes.
/// </summary>
internal static class Overhead
{
    /// <summary>Percent of the time of a plan's phases.</summary>
    public static double? Percent(GuardFixture fixture, bool train)
    {
        using BenchedPlan benched = GuardFixture.Plan(
            "sunet64", train ? new Shape(2, 3, 256, 256) : new Shape(1, 3, 512, 512), new CpuOptions(), train);
        double entry = MillisecondsOfEmptyCall();
        var shares = new double[fixture.Rounds];
        for (int i = -1; i < shares.Length; i++)
        {
            fixture.Cancellation.ThrowIfCancellationRequested();
            benched.WriteInputs();
            var inside = new Inside();
            long start = Stopwatch.GetTimestamp();
            benched.Plan.Run(Phase.Forward, inside);
            benched.Plan.Run(Phase.Backward, inside);
            benched.Plan.Run(Phase.Update, inside);
            double all = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            shares[Math.Max(0, i)] = 100 * (all - inside.Milliseconds + (benched.Plan.Calls.Count * entry)) / all;
        }

        return PlanTimings.Median(shares);
    }

    /// <summary>The least time that a call on a single element takes, everything included.</summary>
    private static double MillisecondsOfEmptyCall()
    {
        const int Calls = 1000, Repeats = 20;
        var graph = new Graph();
        Value input = graph.Input("x", new Shape(1, 1, 1, 1)), x = input;
        for (int i = 0; i < Calls; i++)
            x = graph.Add(new Relu(FormattableString.Invariant($"relu{i}"), x)).Output;
        graph.MarkOutput(x);
        using var backend = new CpuBackend(threads: 1);
        using Plan plan = Plan.Compile(graph, backend, new PlanOptions());
        plan.Write(input, (float[])[1]);
        double[] times = InterleavedTimer.Time(Repeats, warmUp: 3, [() => plan.Run(Phase.Forward)])[0];
        return times.Min() / Calls;
    }

    private sealed class Inside : IPlanObserver
    {
        private long started, ticks;

        public double Milliseconds => ticks * 1e3 / Stopwatch.Frequency;

        public void Starting(int index, PlannedCall call) => started = Stopwatch.GetTimestamp();

        public void Finished(int index, PlannedCall call) => ticks += Stopwatch.GetTimestamp() - started;
    }
}
