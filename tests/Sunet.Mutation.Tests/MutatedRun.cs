namespace Sunet.Mutation.Tests;

/// <summary>How a command ended.</summary>
/// <param name="Code">The exit code; null where it was not there in time.</param>
/// <param name="Error">Standard error.</param>
/// <param name="Duration">How long it took.</param>
/// <param name="PeakBytes">By how much the process's memory grew.</param>
internal readonly record struct MutatedRun(int? Code, string Error, TimeSpan Duration, long PeakBytes)
{
    private const int MostCode = 5;

    /// <summary>The longest a command may take over a small damaged file.</summary>
    public static TimeSpan MostTime { get; } = TimeSpan.FromSeconds(10);

    /// <summary>Runs a command on a thread of its own.</summary>
    /// <param name="command">Told where to write errors; returns the exit code.</param>
    public static MutatedRun Of(Func<TextWriter, int> command)
    {
        int? code = null;

        // Not disposed: a run that does not end in time may write to it later.
        var error = new StringWriter();
        var thread = new Thread(() => code = command(error)) { IsBackground = true };
        var watch = System.Diagnostics.Stopwatch.StartNew();
        bool ended = false;
        long peak = PeakMemory.Of(() =>
        {
            thread.Start();
            ended = thread.Join(MostTime);
        });
        return new MutatedRun(ended ? code : null, ended ? error.ToString() : "", watch.Elapsed, peak);
    }

    /// <summary>What is wrong with how it ended; null where nothing is.</summary>
    /// <param name="budget">The most bytes it may take.</param>
    public string? Problem(long budget)
    {
        if (Code is not { } code)
            return $"it did not end within {MostTime.TotalSeconds} s";
        if (code is < 0 or > MostCode)
            return $"it ended with exit code {code}: {Error}";
        if (code > 0 && !Error.Split('\n').Any(line => line.StartsWith("sunet: ", StringComparison.Ordinal)) && !SaysElsewhere(code))
            return $"it ended with exit code {code} and without a word";
        return PeakBytes > budget ? $"it took {PeakBytes >> 20} MB, where {budget >> 20} are allowed" : null;
    }

    // Findings of 'data check' are a result, and so are the images that 'predict' could not read.
    private static bool SaysElsewhere(int code) => code == 2;
}
