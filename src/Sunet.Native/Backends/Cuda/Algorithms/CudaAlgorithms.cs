using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Backends.Cuda.Libraries;
using Sunet.Native.Backends.Cuda.Running;
using Sunet.Native.Graphs;
using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda.Algorithms;

/// <summary>
/// Finds the algorithms of one session: those made before with its library handles, else what was chosen for another session, else by a
/// search of its own.
/// </summary>
/// <param name="run">What will run the algorithms.</param>
/// <param name="plans">Where they are kept, with the handles that the run uses.</param>
/// <param name="choices">What the sessions of the backend have chosen.</param>
internal sealed class CudaAlgorithms(CudaRun run, CudaPlans plans, AlgorithmChoices choices)
{
    /// <summary>More were not measured.</summary>
    private const int MaximumThreads = 16;

    /// <summary>The algorithm for an op's problem. It stays with the library handles.</summary>
    /// <exception cref="BackendException">No library has one; the message names op, layer and shapes.</exception>
    public CudaAlgorithm Get(ConvolutionProblem problem, Op op)
    {
        if (plans.Find(problem) is { } known)
            return known;
        lock (choices.Searching)
            return Keep(problem, Search(problem, new AlgorithmSearch(run, op)));
    }

    /// <summary>
    /// Finds the algorithms of many problems at once, each by a search of its own, on several threads; those are then known to
    /// <see cref="Get"/>. Nobody else uses the session meanwhile.
    /// </summary>
    /// <param name="wanted">Problems and the ops they are of; null where an op is none.</param>
    /// <param name="cancellation">Stops between two problems.</param>
    /// <exception cref="BackendException">No library has an algorithm for one of them.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public void GetAll(IEnumerable<(ConvolutionProblem? Problem, Op Op)> wanted, CancellationToken cancellation)
    {
        List<(ConvolutionProblem Problem, Op Op)> missing =
        [
            .. wanted.Where(w => w.Problem is not null && plans.Find(w.Problem) is null)
                .DistinctBy(w => w.Problem).Select(w => (w.Problem!, w.Op)),
        ];
        int wished = run.Settings.CompileThreads;
        int threads = Math.Min(wished == 0 ? Math.Min(Environment.ProcessorCount, MaximumThreads) : wished, missing.Count);
        if (threads < 2)
            return;
        lock (choices.Searching)
            KeepAll(missing, threads, cancellation);
    }

    private void KeepAll(List<(ConvolutionProblem Problem, Op Op)> missing, int threads, CancellationToken cancellation)
    {
        var found = new (string Identity, CudaAlgorithm Algorithm)?[missing.Count];
        try
        {
            SearchAll(missing, found, threads, cancellation);
        }
        catch
        {
            Array.ForEach(found, f => f?.Algorithm.Dispose());
            throw;
        }

        for (int i = 0; i < found.Length; i++)
            Keep(missing[i].Problem, found[i]!.Value);
    }

    private void SearchAll(List<(ConvolutionProblem Problem, Op Op)> wanted, (string Identity, CudaAlgorithm Algorithm)?[] found,
        int threads, CancellationToken cancellation)
    {
        using var builders = new BlockingCollection<CudnnHandle>();
        foreach (CudnnHandle builder in plans.Builders(threads))
            builders.Add(builder, cancellation);
        try
        {
            var options = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation };
            Parallel.For(0, wanted.Count, options, i =>
            {
                CudnnHandle builder = builders.Take(cancellation);
                try
                {
                    using DeviceScope current = run.Use();
                    found[i] = Search(wanted[i].Problem, new AlgorithmSearch(run, wanted[i].Op, builder));
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

    private (string Identity, CudaAlgorithm Algorithm) Search(ConvolutionProblem problem, AlgorithmSearch search) =>
        Recall(problem, search) ?? Choose(problem, search) ?? throw Nothing(problem, search);

    private CudaAlgorithm Keep(ConvolutionProblem problem, (string Identity, CudaAlgorithm Algorithm) found)
    {
        plans.Add(problem, found.Algorithm);
        choices.Add(problem, found.Identity);
        return found.Algorithm;
    }

    /// <summary>What was chosen for another session, built for this one.</summary>
    private (string Identity, CudaAlgorithm Algorithm)? Recall(ConvolutionProblem problem, AlgorithmSearch search)
    {
        if (choices.Find(problem) is not { } identity)
            return null;
        foreach (CudaCandidate candidate in ConvolutionCandidates.For(problem, search))
        {
            if (candidate.Identity == identity && candidate.Build() is { } algorithm)
                return (identity, algorithm);
        }

        return null;
    }

    private (string Identity, CudaAlgorithm Algorithm)? Choose(ConvolutionProblem problem, AlgorithmSearch search)
    {
        choices.CountSearch();
        if (run.Settings.PrefersPrecompiled)
        {
            search.PrecompiledOnly = true;
            (string Identity, CudaAlgorithm Algorithm)? precompiled = Best(problem, search);
            search.PrecompiledOnly = false;
            if (precompiled is not null)
                return precompiled;
        }

        return Best(problem, search);
    }

    private (string Identity, CudaAlgorithm Algorithm)? Best(ConvolutionProblem problem, AlgorithmSearch search)
    {
        using AlgorithmTuning? tuning = run.Settings.TimesAlgorithms ? AlgorithmTuning.Create(problem.OperandBytes, search) : null;
        IEnumerable<CudaCandidate> candidates = ConvolutionCandidates.For(problem, search);
        return tuning is null ? First(candidates) : tuning.Fastest(candidates);
    }

    private static (string Identity, CudaAlgorithm Algorithm)? First(IEnumerable<CudaCandidate> candidates)
    {
        foreach (CudaCandidate candidate in candidates)
        {
            if (candidate.Build() is { } algorithm)
                return (candidate.Identity, algorithm);
        }

        return null;
    }

    private BackendException Nothing(ConvolutionProblem problem, AlgorithmSearch search)
    {
        string reason = search.LastRefusal is null ? "" : $" ({search.LastRefusal})";
        return new BackendException(
            $"cuDNN has nothing for {search.Op.Kind} '{search.Op.Name}', {problem}, "
            + $"{(run.Settings.Deterministic ? "deterministic, " : "")}with at most {run.Settings.WorkspaceLimitBytes:N0} bytes of "
            + $"workspace{reason}; a newer cuDNN or a higher workspace limit may help.",
            CudaLibrary.CuDnn.File, (int)CudnnResult.NotSupported, search.Op.Name);
    }
}
