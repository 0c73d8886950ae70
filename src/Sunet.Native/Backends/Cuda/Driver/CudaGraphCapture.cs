using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda.Driver;

/// <summary>Records what is queued on a stream instead of running it.</summary>
internal static unsafe class CudaGraphCapture
{
    /// <summary>
    /// Captures the work that an action queues on a stream, and makes it a graph that can be launched again and again. Until it returns,
    /// this thread may neither wait nor allocate on the device. Needs the device entered.
    /// </summary>
    /// <exception cref="BackendException">
    /// The action did what cannot be captured, or the driver failed; the stream is usable again.
    /// </exception>
    public static CudaGraphExec Capture(CudaStream stream, Action work)
    {
        // Other threads work on streams of their own, so only this one is held to the rules.
        CudaStatus.ThrowIfFailed(CudaDriver.StreamBeginCapture(stream.Raw, CudaCaptureMode.ThreadLocal), "cuStreamBeginCapture_v2");
        nint graph;
        try
        {
            work();
        }
        catch
        {
            // A stream left in capture would refuse everything from here on.
            if (CudaDriver.StreamEndCapture(stream.Raw, out graph) == 0 && graph != 0)
                _ = CudaDriver.GraphDestroy(graph);
            throw;
        }

        CudaStatus.ThrowIfFailed(CudaDriver.StreamEndCapture(stream.Raw, out graph), "cuStreamEndCapture");
        try
        {
            return CudaGraphExec.Instantiate(stream, graph);
        }
        finally
        {
            _ = CudaDriver.GraphDestroy(graph);
        }
    }
}
