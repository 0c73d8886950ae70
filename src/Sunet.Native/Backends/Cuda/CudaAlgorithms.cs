using System.Collections.Concurrent;
using Sunet.Native.Graphs;
using Sunet.Native.Interop;

namespace Sunet.Native.Backends.Cuda;

/// <summary>What restricts the choice of algorithms.</summary>
/// <param name="Deterministic">Equal runs give equal bits.</param>
/// <param name="AllowTf32">Products of float32 may be rounded to the 10-bit mantissa of TF32.</param>
/// <param name="TimeAll">All candidates are timed; otherwise the first that works is taken.</param>
/// <param name="WorkspaceLimitBytes">Algorithms that want more scratch memory are left out.</param>
internal sealed record CudaAlgorithmOptions(bool Deterministic, bool AllowTf32, bool TimeAll, long WorkspaceLimitBytes);

/// <summary>Which candidate was chosen for which problem: kept by a backend, so that its sessions search once. Safe for threads.</summary>
internal sealed class CudaAlgorithmChoices
{
    private readonly ConcurrentDictionary<(CudaProblem Problem, CudaAlgorithmOptions Options), string> chosen = new();

    /// <summary>The identity of the chosen candidate; null before the first search.</summary>
    public string? Find(CudaProblem problem, CudaAlgorithmOptions options) => chosen.GetValueOrDefault((problem, options));

    public void Remember(CudaProblem problem, CudaAlgorithmOptions options, string identity) => chosen[(problem, options)] = identity;
}

/// <summary>
/// The algorithms of one session, one for each distinct problem. Plans of cuDNN are not shared beyond a session: not all of its engines
/// are safe for threads. What is shared is the knowledge of which candidate to build.
/// </summary>
internal sealed class CudaAlgorithms(CudaDevice device, CudaStream stream, CudnnHandle cudnn, CublasLtHandle cublasLt,
    CudaAlgorithmChoices choices, CudaAlgorithmOptions options) : IDisposable
{
    private readonly Dictionary<CudaProblem, CudaAlgorithm> algorithms = [];
    private string? lastRefusal;

    public CudaDevice Device => device;

    public CudaStream Stream => stream;

    public CudnnHandle Cudnn => cudnn;

    public CublasLtHandle CublasLt => cublasLt;

    public CudaAlgorithmOptions Options => options;

    /// <summary>How many problems were searched rather than found.</summary>
    public int Searches { get; private set; }

    /// <summary>The algorithm for an op's problem. It stays this object's.</summary>
    /// <exception cref="BackendException">No library has one; the message names op, layer and shapes.</exception>
    public CudaAlgorithm Get(CudaProblem problem, Op op)
    {
        if (algorithms.TryGetValue(problem, out CudaAlgorithm? known))
            return known;
        lastRefusal = null;
        (string Identity, CudaAlgorithm Algorithm) found =
            Recall(problem, op.ToString()) ?? Search(problem, op.ToString()) ?? throw Unsupported(problem, op);
        algorithms.Add(problem, found.Algorithm);
        choices.Remember(problem, options, found.Identity);
        return found.Algorithm;
    }

    /// <summary>Notes why a candidate is not to be used, for the error if none is.</summary>
    public void Refused(string candidate, string reason) => lastRefusal = $"{candidate} {reason}";

    public void Dispose()
    {
        using CudaDevice.Scope scope = device.Use();
        foreach (CudaAlgorithm algorithm in algorithms.Values)
            algorithm.Dispose();
        algorithms.Clear();
    }

    /// <summary>What another session chose, built for this one.</summary>
    private (string Identity, CudaAlgorithm Algorithm)? Recall(CudaProblem problem, string layer)
    {
        if (choices.Find(problem, options) is not { } identity)
            return null;
        foreach (CudaCandidate candidate in problem.Candidates(this, layer))
        {
            if (candidate.Identity == identity && candidate.Build() is { } algorithm)
                return (identity, algorithm);
        }

        return null;
    }

    private (string Identity, CudaAlgorithm Algorithm)? Search(CudaProblem problem, string layer)
    {
        Searches++;
        using CudaTrial? trial = options.TimeAll ? CudaTrial.Create(this, problem, layer) : null;
        return trial is null ? First(problem, layer) : trial.Fastest();
    }

    private (string Identity, CudaAlgorithm Algorithm)? First(CudaProblem problem, string layer)
    {
        foreach (CudaCandidate candidate in problem.Candidates(this, layer))
        {
            if (candidate.Build() is { } algorithm)
                return (candidate.Identity, algorithm);
        }

        return null;
    }

    private BackendException Unsupported(CudaProblem problem, Op op) => new(
        $"cuDNN has nothing for {op.Kind} '{op.Name}', {problem}{(options.Deterministic ? ", that is deterministic" : "")}, with at most "
        + $"{options.WorkspaceLimitBytes:N0} bytes of workspace{(lastRefusal is null ? "" : $" ({lastRefusal})")}; a newer cuDNN or a higher "
        + "workspace limit may help.", CudaLibrary.CuDnn.File, (int)CudnnResult.NotSupported, op.Name);
}
