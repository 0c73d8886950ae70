using System.Globalization;
using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Backends.Cuda.Libraries;
using Sunet.Native.Graphs;
using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda.Algorithms;

/// <summary>
/// What a library is asked to compute, apart from addresses. Equal problems share one algorithm, so everything that its choice may depend
/// on is part of the record, but for the options of the backend.
/// </summary>
internal abstract record CudaProblem
{
    /// <summary>The bytes of each operand, in the order in which their addresses are bound; 0 for those it does not have.</summary>
    public abstract long[] OperandBytes { get; }

    /// <summary>Ways to solve the problem, the one expected to be best first. They are made one by one, as the caller asks on.</summary>
    public abstract IEnumerable<CudaCandidate> Candidates(CudaSearch search);
}

/// <summary>One search for an algorithm: whose libraries and options, and what for.</summary>
/// <param name="session">The session that will run what is found.</param>
/// <param name="op">What for.</param>
/// <param name="builder">
/// The handle to search and build with, which must outlive what is found; null: the session's own. Several threads search at once with a
/// handle each.
/// </param>
internal sealed class CudaSearch(CudaSession session, Op op, CudnnHandle? builder = null)
{
    public CudaSession Session => session;

    /// <summary>What searches and builds; the session's own handle runs.</summary>
    public CudnnHandle Builder => builder ?? session.Cudnn;

    public Op Op => op;

    /// <summary>The op's kind and layer, for errors.</summary>
    public string Layer { get; } = op.ToString();

    /// <summary>Why the last candidate that cannot be used cannot.</summary>
    public string? LastRefusal { get; private set; }

    /// <summary>Notes why a candidate cannot be used, for the error if none can.</summary>
    public void Refused(string candidate, string reason) => LastRefusal = $"{candidate} {reason}";

    /// <summary>Whether a candidate may take so much scratch memory; notes it where it may not.</summary>
    public bool Affords(string candidate, long workspaceBytes)
    {
        bool affords = workspaceBytes <= session.Options.WorkspaceLimitBytes;
        if (!affords)
            Refused(candidate, string.Create(CultureInfo.InvariantCulture, $"wants {workspaceBytes:N0} bytes of workspace"));
        return affords;
    }

    /// <summary>
    /// Finalizes a graph, heuristic or plan. A refusal is nothing unusual, whatever its code: the next candidate may do. Only memory that
    /// does not suffice ends the search, since the next candidate would fail for the same reason.
    /// </summary>
    /// <exception cref="MemoryException">Memory does not suffice.</exception>
    public bool Accepts(string candidate, CudnnDescriptor descriptor)
    {
        int result = descriptor.TryFinalize();
        if ((CudnnResult)result is CudnnResult.HostAllocationFailed or CudnnResult.DeviceAllocationFailed)
            CudnnStatus.ThrowIfFailed(result, $"cudnnBackendFinalize({descriptor.Type})", Layer);
        if (result != 0)
            Refused(candidate, $"is refused with {CudnnStatus.Describe(result)}");
        return result == 0;
    }
}

/// <summary>A way to solve a problem that has not been tried yet.</summary>
/// <param name="Identity">The same for the same candidate of an equal problem.</param>
/// <param name="Build">
/// Makes it ready, or gives null where the library cannot after all. It may be called until the next candidate is asked for.
/// </param>
internal readonly record struct CudaCandidate(string Identity, Func<CudaAlgorithm?> Build)
{
    /// <summary>The same candidate with something behind it.</summary>
    public CudaCandidate Then(Func<CudaAlgorithm, CudaAlgorithm> wrap)
    {
        Func<CudaAlgorithm?> build = Build;
        return this with { Build = () => build() is { } inner ? wrap(inner) : null };
    }
}

/// <summary>
/// A way to solve a problem, ready for any addresses. It belongs to the library handles it was made with, and so is used by one thread at
/// a time; equal problems share it.
/// </summary>
internal abstract class CudaAlgorithm : IDisposable
{
    /// <summary>Bytes of scratch memory while it runs.</summary>
    public abstract long WorkspaceBytes { get; }

    /// <summary>Such as <c>cudnn engine 12 (1.2 MB)</c>.</summary>
    public abstract string Description { get; }

    /// <summary>Sets the addresses once, for many runs.</summary>
    /// <param name="session">On whose stream it runs.</param>
    /// <param name="operands">In the order of the problem's operands.</param>
    /// <param name="workspace">At least <see cref="WorkspaceBytes"/>, 16-byte aligned.</param>
    /// <param name="layer">The op's kind and layer, for errors.</param>
    public abstract CudaBoundAlgorithm Bind(CudaSession session, ReadOnlySpan<nint> operands, nint workspace, string layer);

    /// <summary>Releases what the library keeps; what was bound is disposed before.</summary>
    public abstract void Dispose();
}

/// <summary>An algorithm with its addresses.</summary>
internal abstract class CudaBoundAlgorithm : IDisposable
{
    /// <summary>Queues one run. Allocates nothing; the device is entered.</summary>
    public abstract void Run();

    /// <summary>Releases what binding made.</summary>
    public abstract void Dispose();
}
