using System.Collections.Concurrent;
using Sunet.Native.Graphs;
using Sunet.Native.Interop;

namespace Sunet.Native.Backends.Cuda;

/// <summary>
/// Which candidate was chosen for which problem. It belongs to a backend, whose sessions so search once; safe for threads. The algorithms
/// themselves belong to the library handles they were made with.
/// </summary>
internal sealed class CudaAlgorithms
{
    private readonly ConcurrentDictionary<CudaProblem, string> chosen = new();
    private int searches;

    /// <summary>How many problems had to be searched for rather than looked up.</summary>
    public int Searches => Volatile.Read(ref searches);

    /// <summary>The algorithm for an op's problem. It stays the session's.</summary>
    /// <exception cref="BackendException">No library has one; the message names op, layer and shapes.</exception>
    public CudaAlgorithm Get(CudaSession session, CudaProblem problem, Op op)
    {
        if (session.Plans.Find(problem) is { } known)
            return known;
        var search = new CudaSearch(session, op);
        (string Identity, CudaAlgorithm Algorithm) found =
            Recall(problem, search) ?? Choose(problem, search) ?? throw Nothing(problem, search);
        session.Plans.Add(problem, found.Algorithm);
        chosen[problem] = found.Identity;
        return found.Algorithm;
    }

    /// <summary>What was chosen for another session, built for this one.</summary>
    private (string Identity, CudaAlgorithm Algorithm)? Recall(CudaProblem problem, CudaSearch search)
    {
        if (!chosen.TryGetValue(problem, out string? identity))
            return null;
        foreach (CudaCandidate candidate in problem.Candidates(search))
        {
            if (candidate.Identity == identity && candidate.Build() is { } algorithm)
                return (identity, algorithm);
        }

        return null;
    }

    private (string Identity, CudaAlgorithm Algorithm)? Choose(CudaProblem problem, CudaSearch search)
    {
        Interlocked.Increment(ref searches);

        // Times differ from run to run, and with them what is fastest; who wants the same bits in every process takes the estimate.
        bool isTimed = search.Session.TimeAlgorithms && !search.Session.Deterministic;
        using CudaTrial? trial = isTimed ? CudaTrial.Create(problem, search) : null;
        return trial is null ? First(problem, search) : trial.Fastest();
    }

    private static (string Identity, CudaAlgorithm Algorithm)? First(CudaProblem problem, CudaSearch search)
    {
        foreach (CudaCandidate candidate in problem.Candidates(search))
        {
            if (candidate.Build() is { } algorithm)
                return (candidate.Identity, algorithm);
        }

        return null;
    }

    private static BackendException Nothing(CudaProblem problem, CudaSearch search)
    {
        string reason = search.LastRefusal is null ? "" : $" ({search.LastRefusal})";
        return new BackendException(
            $"cuDNN has nothing for {search.Op.Kind} '{search.Op.Name}', {problem}, "
            + $"{(search.Session.Deterministic ? "deterministic, " : "")}with at most "
            + $"{search.Session.Options.WorkspaceLimitBytes:N0} bytes of workspace{reason}; a newer cuDNN or a higher workspace limit may "
            + "help.",
            CudaLibrary.CuDnn.File, (int)CudnnResult.NotSupported, search.Op.Name);
    }
}

/// <summary>
/// The algorithms made with one pair of library handles, one for each distinct problem. cuDNN's plans are not all safe for threads, so
/// they stay with their handle, which one session uses at a time.
/// </summary>
internal sealed class CudaPlans(CudaDevice device) : IDisposable
{
    private readonly Dictionary<CudaProblem, CudaAlgorithm> algorithms = [];

    public CudaAlgorithm? Find(CudaProblem problem) => algorithms.GetValueOrDefault(problem);

    public void Add(CudaProblem problem, CudaAlgorithm algorithm) => algorithms.Add(problem, algorithm);

    public void Dispose()
    {
        using CudaDevice.Scope current = device.Use();
        foreach (CudaAlgorithm algorithm in algorithms.Values)
            algorithm.Dispose();
        algorithms.Clear();
    }
}
