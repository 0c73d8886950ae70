using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda.Driver;

/// <summary>Captured work, ready to launch with one call. What it refers to (memory, kernels, plans) must outlive it.</summary>
internal sealed unsafe class CudaGraphExec : CudaChild
{
    private CudaGraphExec(int nodes) => Nodes = nodes;

    /// <summary>How many kernels, copies and fills it consists of.</summary>
    public int Nodes { get; }

    /// <summary>Makes a graph launchable and uploads it, so that the first launch is no slower than the others.</summary>
    public static CudaGraphExec Instantiate(CudaStream stream, nint graph)
    {
        nuint nodes = 0;
        CudaStatus.ThrowIfFailed(CudaDriver.GraphGetNodes(graph, null, ref nodes), "cuGraphGetNodes");
        CudaGraphExec executable = new((int)nodes);
        try
        {
            CudaStatus.ThrowIfFailed(CudaDriver.GraphInstantiate(out nint raw, graph, 0), "cuGraphInstantiateWithFlags");
            executable.Own(stream.Device, raw);
            CudaStatus.ThrowIfFailed(CudaDriver.GraphUpload(raw, stream.Raw), "cuGraphUpload");
            return executable;
        }
        catch
        {
            executable.Dispose();
            throw;
        }
    }

    /// <summary>Queues all of it. Allocates nothing; needs the device entered.</summary>
    /// <exception cref="BackendException">The driver refused, or earlier work failed.</exception>
    public void Launch(CudaStream stream) => CudaStatus.ThrowIfFailed(CudaDriver.GraphLaunch(Raw, stream.Raw), "cuGraphLaunch");

    protected override int Destroy(nint raw) => CudaDriver.GraphExecDestroy(raw);
}
