using System.Globalization;
using Sunet.Native.Backends.Cuda.Libraries;
using Sunet.Native.Backends.Cuda.Running;
using Sunet.Native.Graphs;
using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda.Algorithms;

/// <summary>One search for an algorithm: whose libraries and options, and what for.</summary>
/// <param name="run">What will run what is found.</param>
/// <param name="op">What for.</param>
/// <param name="builder">
/// The handle to search and build with, which must outlive what is found; null: the run's own. Several threads search at once with a
/// handle each.
/// </param>
internal sealed class AlgorithmSearch(CudaRun run, Op op, CudnnHandle? builder = null)
{
    /// <summary>What will run what is found.</summary>
    public CudaRun Run => run;

    /// <summary>The handle that searches and builds; the run's own executes.</summary>
    public CudnnHandle Builder => builder ?? run.Libraries.Cudnn;

    /// <summary>Whether engines whose kernels would be compiled first are left out.</summary>
    public bool PrecompiledOnly { get; set; }

    /// <summary>The op that the search is for.</summary>
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
        bool affords = workspaceBytes <= run.Settings.WorkspaceLimitBytes;
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
