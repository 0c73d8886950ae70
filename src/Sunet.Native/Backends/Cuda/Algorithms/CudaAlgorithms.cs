using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Backends.Cuda.Libraries;
using Sunet.Native.Graphs;
using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda.Algorithms;

/// <summary>
/// Which candidate was chosen for which problem. It belongs to a backend, whose sessions so search once; safe for threads. The algorithms
/// themselves belong to the library handles they were made with.
/// </summary>
internal sealed class CudaAlgorithms
{
    /// <summary>More were not measured.</summary>
    private const int MaximumThreads = 16;

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
        return Keep(session, problem, Search(problem, new AlgorithmSearch(session, op)));
    }

    /// <summary>
    /// Finds the algorithms of many problems at once, each by a search of its own, on several threads; those are then known to
    /// <see cref="Get"/>. The algorithms stay the session's.
    /// </summary>
    /// <param name="session">The session; nobody else uses it meanwhile.</param>
    /// <param name="wanted">Problems and the ops they are of; null where an op is none.</param>
    /// <param name="cancellation">Stops between two problems.</param>
    /// <exception cref="BackendException">No library has an algorithm for one of them.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public void GetAll(
        CudaSession session, IEnumerable<(ConvolutionProblem? Problem, Op Op)> wanted, CancellationToken cancellation)
    {
        List<(CudaProblem Problem, Op Op)> missing =
        [
            .. wanted.Where(w => w.Problem is not null && session.Plans.Find(w.Problem) is null)
                .DistinctBy(w => w.Problem).Select(w => ((CudaProblem)w.Problem!, w.Op)),
        ];
        int wished = session.Options.CompileThreads;
        int threads = Math.Min(wished == 0 ? Math.Min(Environment.ProcessorCount, MaximumThreads) : wished, missing.Count);
        if (threads < 2)
            return;
        var found = new (string Identity, CudaAlgorithm Algorithm)?[missing.Count];
        try
        {
            SearchAll(session, missing, found, threads, cancellation);
        }
        catch
        {
            Array.ForEach(found, f => f?.Algorithm.Dispose());
            throw;
        }

        for (int i = 0; i < found.Length; i++)
            Keep(session, missing[i].Problem, found[i]!.Value);
    }

    private void SearchAll(CudaSession session, List<(CudaProblem Problem, Op Op)> wanted,
        (string Identity, CudaAlgorithm Algorithm)?[] found, int threads, CancellationToken cancellation)
    {
        using var builders = new BlockingCollection<CudnnHandle>();
        foreach (CudnnHandle builder in session.Plans.Builders(threads))
            builders.Add(builder, cancellation);
        try
        {
            var options = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation };
            Parallel.For(0, wanted.Count, options, i =>
            {
                CudnnHandle builder = builders.Take(cancellation);
                try
                {
                    using CudaDevice.Scope current = session.Device.Use();
                    found[i] = Search(wanted[i].Problem, new AlgorithmSearch(session, wanted[i].Op, builder));
                }
                finally
                {
                    builders.Add(builder, CancellationToken.None);
                }
            });
        }
        catch (AggregateException failures)
        {
            ExceptionDispatchInfo.Throw(failures.InnerExceptions[0]);
        }
    }

    private (string Identity, CudaAlgorithm Algorithm) Search(CudaProblem problem, AlgorithmSearch search) =>
        Recall(problem, search) ?? Choose(problem, search) ?? throw Nothing(problem, search);

    private CudaAlgorithm Keep(CudaSession session, CudaProblem problem, (string Identity, CudaAlgorithm Algorithm) found)
    {
        session.Plans.Add(problem, found.Algorithm);
        chosen[problem] = found.Identity;
        return found.Algorithm;
    }

    /// <summary>What was chosen for another session, built for this one.</summary>
    private (string Identity, CudaAlgorithm Algorithm)? Recall(CudaProblem problem, AlgorithmSearch search)
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

    private (string Identity, CudaAlgorithm Algorithm)? Choose(CudaProblem problem, AlgorithmSearch search)
    {
        Interlocked.Increment(ref searches);

        using AlgorithmTuning? trial = search.Session.TimesAlgorithms ? AlgorithmTuning.Create(problem, search) : null;
        return trial is null ? First(problem, search) : trial.Fastest();
    }

    private static (string Identity, CudaAlgorithm Algorithm)? First(CudaProblem problem, AlgorithmSearch search)
    {
        foreach (CudaCandidate candidate in problem.Candidates(search))
        {
            if (candidate.Build() is { } algorithm)
                return (candidate.Identity, algorithm);
        }

        return null;
    }

    private static BackendException Nothing(CudaProblem problem, AlgorithmSearch search)
    {
        string reason = search.LastRefusal is null ? "" : $" ({search.LastRefusal})";
        return new BackendException(
            $"cuDNN has nothing for {search.Op.Kind} '{search.Op.Name}', {problem}, "
            + $"{(search.Session.Deterministic ? "deterministic, " : "")}with at most "
            + $"{search.Session.Options.WorkspaceLimitBytes:N0} bytes of workspace{reason}; a newer cuDNN or a higher workspace limit may "
            + $"help.",
            CudaLibrary.CuDnn.File, (int)CudnnResult.NotSupported, search.Op.Name);
    }
}
