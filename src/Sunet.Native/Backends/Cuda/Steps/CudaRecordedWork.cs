using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Backends.Cuda.Running;

namespace Sunet.Native.Backends.Cuda.Steps;

/// <summary>
/// Work that is captured as a CUDA graph. The first run is an ordinary one, in which libraries load what they load late; the second
/// captures; from then on the graph is launched. Work that cannot be captured stays ordinary work only if graphs are off.
/// </summary>
internal sealed class CudaRecordedWork(CudaRun run, Action work) : PreparedWork
{
    private bool ranOnce;
    private CudaGraphExec? graph;

    protected override void Work()
    {
        using DeviceScope current = run.Use();
        if (!ranOnce || !run.Settings.UsesGraphs)
        {
            work();
            ranOnce = true;
            return;
        }

        graph ??= CudaGraphCapture.Capture(run.Stream, work);
        graph.Launch(run.Stream);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            graph?.Dispose();
        base.Dispose(disposing);
    }
}
