using Sunet.Native.Interop;

namespace Sunet.Native.Backends.Cuda;

/// <summary>
/// The part of a run that a profiler is to look at: between opening and disposing, NVIDIA's profilers collect (Nsight Systems with
/// <c>--capture-range=cudaProfilerApi</c>, Nsight Compute with <c>--profile-from-start off</c>) and every call carries its layer's name.
/// Calls replayed by a CUDA graph carry none, so the backend is opened without graphs.
/// </summary>
public sealed class CudaProfiling : IDisposable
{
    private readonly CudaDevice device;
    private bool disposed;

    /// <summary>Begins.</summary>
    /// <param name="backend">Whose device is looked at; it outlives this.</param>
    /// <exception cref="BackendException">The driver refuses.</exception>
    public CudaProfiling(CudaBackend backend)
    {
        ArgumentNullException.ThrowIfNull(backend);
        device = backend.Device;
        HasNames = Nvtx.TryEnable();
        try
        {
            using CudaDevice.Scope current = device.Use();
            CudaStatus.ThrowIfFailed(CudaDriver.ProfilerStart(), "cuProfilerStart");
        }
        catch
        {
            Nvtx.Disable();
            throw;
        }
    }

    /// <summary>Whether calls carry names: only where NVTX is installed.</summary>
    public bool HasNames { get; }

    /// <summary>Waits for what is under way and ends.</summary>
    /// <exception cref="BackendException">Something that ran meanwhile has failed.</exception>
    public void Dispose()
    {
        if (disposed)
            return;
        disposed = true;
        try
        {
            using CudaDevice.Scope current = device.Use();
            CudaStatus.ThrowIfFailed(CudaDriver.ContextSynchronize(), "cuCtxSynchronize");
            CudaStatus.ThrowIfFailed(CudaDriver.ProfilerStop(), "cuProfilerStop");
        }
        finally
        {
            Nvtx.Disable();
        }
    }
}
