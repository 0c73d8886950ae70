using Sunet.Native.Graphs;
using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda.Ops;

/// <summary>A call on a session's stream, within a profiler's range of its layer's name.</summary>
internal abstract class CudaCall(CudaSession session, Op op) : PreparedCall
{
    protected CudaSession Session => session;

    /// <summary>The op's kind and layer, for errors.</summary>
    protected string Label { get; } = op.ToString();

    public sealed override void Run()
    {
        session.ThrowIfDisposed();
        if (!Nvtx.IsEnabled)
        {
            Enqueue();
            return;
        }

        Nvtx.Push(op.Name);
        try
        {
            Enqueue();
        }
        finally
        {
            Nvtx.Pop();
        }
    }

    /// <summary>Puts the work on the session's stream; the context is current.</summary>
    protected abstract void Enqueue();
}
