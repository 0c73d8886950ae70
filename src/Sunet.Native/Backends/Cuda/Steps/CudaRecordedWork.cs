using Sunet.Native.Backends.Cuda.Driver;

namespace Sunet.Native.Backends.Cuda.Steps;

/// <summary>
/// Work that is captured as a CUDA graph. The first run is an ordinary one, in which libraries load what they load late; the second
/// captures; from then on the graph is launched. Work that cannot be captured stays ordinary work only if graphs are off.
/// </summary>
internal sealed class CudaRecordedWork(CudaSession session, Action work) : PreparedWork
{
    private bool ranOnce;
    private CudaGraphExec? graph;

    protected override void Work()
    {
        using CudaDevice.Scope current = session.Device.Use();
        if (!ranOnce || !session.Options.UseGraphs)
        {
            work();
            ranOnce = true;
            return;
        }

        graph ??= CudaGraphCapture.Capture(session.Stream, work);
        graph.Launch(session.Stream);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            graph?.Dispose();
        base.Dispose(disposing);
    }
}
