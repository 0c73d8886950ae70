using Sunet.Native.Backends.Cuda.Kernels;
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

/// <summary>A call of one or several kernels of our own.</summary>
/// <param name="session">Whose stream.</param>
/// <param name="op">For names.</param>
/// <param name="scratchBytes">Scratch memory the kernels pass things through.</param>
/// <param name="implementation">What to call it.</param>
/// <param name="bind">Makes the launches, once addresses are known.</param>
internal sealed class CudaKernelCall(
    CudaSession session, Op op, long scratchBytes, string implementation, Func<IValueAddresses, KernelLaunch[]> bind) : CudaCall(session, op)
{
    private KernelLaunch[] launches = [];

    public override long ScratchBytes => scratchBytes;

    public override string Implementation => implementation;

    public override void Bind(IValueAddresses at) => launches = bind(at);

    protected override void Enqueue()
    {
        foreach (KernelLaunch launch in launches)
            launch.Run(Session.Stream.Raw, Label);
    }
}
