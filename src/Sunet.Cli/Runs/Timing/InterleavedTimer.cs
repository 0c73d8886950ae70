using System.Diagnostics;

namespace Sunet.Cli.Runs.Timing;

/// <summary>Times several runs in an interleaved order, so that a machine that becomes slower for a while slows all of them.</summary>
internal static class InterleavedTimer
{
    /// <summary>
    /// Times every run once in every round, each after a run of its own that is not counted: what another run left in the caches, or its
    /// threads that still wait for work, would count against the one that comes next.
    /// </summary>
    /// <param name="rounds">How many.</param>
    /// <param name="warmUp">Rounds before them.</param>
    /// <param name="runs">What is timed.</param>
    /// <param name="cancellation">Stops between two runs.</param>
    /// <returns>Milliseconds: for each of the runs, one a round.</returns>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static double[][] Time(int rounds, int warmUp, IReadOnlyList<Action> runs, CancellationToken cancellation = default)
    {
        double[][] times = [.. runs.Select(_ => new double[rounds])];
        for (int round = -warmUp; round < rounds; round++)
        {
            for (int i = 0; i < runs.Count; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                runs[i]();
                long start = Stopwatch.GetTimestamp();
                runs[i]();
                times[i][Math.Max(0, round)] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            }
        }

        return times;
    }
}
