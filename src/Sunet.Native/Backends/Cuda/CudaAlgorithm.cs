namespace Sunet.Native.Backends.Cuda;

/// <summary>
/// What a library is asked to compute, apart from addresses. Equal problems share one algorithm, so everything that an algorithm's choice
/// may depend on is part of the record.
/// </summary>
internal abstract record CudaProblem
{
    /// <summary>The bytes of each operand, in the order in which their addresses are bound.</summary>
    public abstract long[] OperandBytes { get; }

    /// <summary>Ways to solve the problem, the one expected to be best first. They are made one by one, as the caller asks on.</summary>
    public abstract IEnumerable<CudaCandidate> Candidates(CudaAlgorithms algorithms, string layer);
}

/// <summary>A way to solve a problem that has not been tried yet.</summary>
/// <param name="Identity">The same for the same candidate of an equal problem.</param>
/// <param name="Build">
/// Makes it ready, or gives null where the library cannot after all. It may be called until the next candidate is asked for.
/// </param>
internal readonly record struct CudaCandidate(string Identity, Func<CudaAlgorithm?> Build)
{
    /// <summary>Whether it gives up accuracy, so that it is taken only if nothing else works, however fast it is.</summary>
    public bool IsLastResort { get; init; }

    /// <summary>The same candidate with something behind it.</summary>
    public CudaCandidate Then(Func<CudaAlgorithm, CudaAlgorithm> wrap)
    {
        Func<CudaAlgorithm?> build = Build;
        return this with { Build = () => build() is { } inner ? wrap(inner) : null };
    }
}

/// <summary>A way to solve a problem, ready for any addresses. It is used by one thread and one stream, and shared by equal problems.</summary>
internal abstract class CudaAlgorithm : IDisposable
{
    /// <summary>Bytes of scratch memory while it runs.</summary>
    public abstract long WorkspaceBytes { get; }

    /// <summary>Such as <c>cudnn engine 12</c>.</summary>
    public abstract string Description { get; }

    /// <summary>Sets the addresses once, for many runs.</summary>
    /// <param name="operands">In the order of the problem's operands; 0 for those it does not have.</param>
    /// <param name="workspace">At least <see cref="WorkspaceBytes"/>, 16-byte aligned.</param>
    /// <param name="layer">The layer at work, for errors.</param>
    public abstract CudaBoundCall Bind(ReadOnlySpan<nint> operands, nint workspace, string layer);

    /// <summary>Releases what the library keeps; calls bound before are disposed first.</summary>
    public abstract void Dispose();
}

/// <summary>An algorithm with its addresses.</summary>
internal abstract class CudaBoundCall : IDisposable
{
    /// <summary>Asks for one run on the session's stream. Allocates nothing.</summary>
    public abstract void Run();

    /// <summary>Releases what binding made.</summary>
    public abstract void Dispose();
}
