namespace Sunet.Bench.Guard;

/// <summary>What a process that has succeeded leaves behind.</summary>
/// <param name="Output">What it printed.</param>
/// <param name="PeakBytes">The most memory it ever had; null where the system does not tell.</param>
/// <param name="Elapsed">From its start to its end.</param>
/// <param name="Processor">What it took of all processors until a few milliseconds before its end.</param>
internal sealed record FinishedProcess(string Output, long? PeakBytes, TimeSpan Elapsed, TimeSpan Processor)
{
    /// <summary>The share of the machine's processors that it used.</summary>
    public double Use => Processor / Elapsed / Environment.ProcessorCount;
}
