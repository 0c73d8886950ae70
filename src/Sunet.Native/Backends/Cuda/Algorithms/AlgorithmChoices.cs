using System.Collections.Concurrent;

namespace Sunet.Native.Backends.Cuda.Algorithms;

/// <summary>
/// Which candidate was chosen for which problem, so that the sessions of a backend search once; safe for threads. The algorithms themselves
/// belong to the library handles they were made with.
/// </summary>
internal sealed class AlgorithmChoices
{
    private readonly ConcurrentDictionary<ConvolutionProblem, string> chosen = new();
    private int searches;

    /// <summary>
    /// Held while a session searches, so that no search disturbs the times of another and sessions that are compiled at the same time
    /// choose alike.
    /// </summary>
    public Lock Searching { get; } = new();

    /// <summary>How many problems had to be searched for rather than looked up.</summary>
    public int Searches => Volatile.Read(ref searches);

    /// <summary>The identity of the candidate that was chosen; null before.</summary>
    public string? Find(ConvolutionProblem problem) => chosen.GetValueOrDefault(problem);

    /// <summary>Remembers a choice for the sessions to come.</summary>
    public void Add(ConvolutionProblem problem, string identity) => chosen[problem] = identity;

    /// <summary>Counts a search.</summary>
    public void CountSearch() => Interlocked.Increment(ref searches);
}
