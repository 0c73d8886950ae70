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
        return Keep(session, problem, Search(problem, new CudaSearch(session, op)));
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
                    found[i] = Search(wanted[i].Problem, new CudaSearch(session, wanted[i].Op, builder));
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

    private (string Identity, CudaAlgorithm Algorithm) Search(CudaProblem problem, CudaSearch search) =>
        Recall(problem, search) ?? Choose(problem, search) ?? throw Nothing(problem, search);

    private CudaAlgorithm Keep(CudaSession session, CudaProblem problem, (string Identity, CudaAlgorithm Algorithm) found)
    {
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

        using CudaTrial? trial = search.Session.TimesAlgorithms ? CudaTrial.Create(problem, search) : null;
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
            + $"help.",
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
    private readonly List<CudnnHandle> builders = [];

    public CudaAlgorithm? Find(CudaProblem problem) => algorithms.GetValueOrDefault(problem);

    public void Add(CudaProblem problem, CudaAlgorithm algorithm) => algorithms.Add(problem, algorithm);

    /// <summary>Handles that plans are made with, by one thread each; they live as long as those plans.</summary>
    /// <exception cref="BackendException">cuDNN failed.</exception>
    public IEnumerable<CudnnHandle> Builders(int count)
    {
        while (builders.Count < count)
            builders.Add(CudnnHandle.Create(device));
        return builders.Take(count);
    }

    public void Dispose()
    {
        using CudaDevice.Scope current = device.Use();
        foreach (CudaAlgorithm algorithm in algorithms.Values)
            algorithm.Dispose();
        algorithms.Clear();
        foreach (CudnnHandle builder in builders)
            builder.Dispose();
        builders.Clear();
    }
}
