using Sunet.Native.Backends.Cuda.Running;

namespace Sunet.Native.Backends.Cuda.Algorithms;

/// <summary>
/// A way to solve a problem, ready for any addresses. It belongs to the library handles it was made with, and so is used by one thread at
/// a time; equal problems share it.
/// </summary>
internal abstract class CudaAlgorithm : IDisposable
{
    /// <summary>Bytes of scratch memory while it runs.</summary>
    public abstract long WorkspaceBytes { get; }

    /// <summary>A name for people, such as <c>cudnn engine 12 (1.2 MB)</c>.</summary>
    public abstract string Description { get; }

    /// <summary>Sets the addresses once, for many runs.</summary>
    /// <param name="run">On whose stream it runs.</param>
    /// <param name="operands">In the order of the problem's operands.</param>
    /// <param name="workspace">At least <see cref="WorkspaceBytes"/>, 16-byte aligned.</param>
    /// <param name="layer">The op's kind and layer, for errors.</param>
    public abstract CudaBoundAlgorithm Bind(CudaRun run, ReadOnlySpan<nint> operands, nint workspace, string layer);

    /// <summary>Releases what the library keeps; what was bound is disposed before.</summary>
    public abstract void Dispose();
}
