using Sunet.Native.Backends.Cuda.Running;
using Sunet.Native.Graphs;
using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda.Ops;

/// <summary>A call on a session's stream, within a profiler's range of its layer's name.</summary>
internal abstract class CudaCall(CudaRun run, Op op) : PreparedCall
{
    /// <summary>What the calls of the graph share.</summary>
    protected CudaRun Shared => run;

    /// <summary>The op's kind and layer, for errors.</summary>
    protected string Label { get; } = op.ToString();

    public sealed override void Run()
    {
        run.ThrowIfDisposed();
        if (!NvtxRanges.IsEnabled)
        {
            Enqueue();
            return;
        }

        NvtxRanges.Push(op.Name);
        try
        {
            Enqueue();
        }
        finally
        {
            NvtxRanges.Pop();
        }
    }

    /// <summary>Puts the work on the session's stream; the context is current.</summary>
    protected abstract void Enqueue();
}
