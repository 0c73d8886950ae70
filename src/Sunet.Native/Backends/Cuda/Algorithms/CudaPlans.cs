using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Backends.Cuda.Libraries;
using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda.Algorithms;

/// <summary>
/// The algorithms made with one pair of library handles, one for each distinct problem. cuDNN's plans are not all safe for threads, so
/// they stay with their handle, which one session uses at a time.
/// </summary>
internal sealed class CudaPlans(CudaDevice device) : IDisposable
{
    private readonly Dictionary<CudaProblem, CudaAlgorithm> algorithms = [];
    private readonly List<CudnnHandle> builders = [];

    public CudaAlgorithm? Find(CudaProblem problem) => algorithms.GetValueOrDefault(problem);

    public void Add(CudaProblem problem, CudaAlgorithm algorithm) => algorithms.Add(problem, algorithm);

    /// <summary>Handles that plans are made with, by one thread each; they live as long as those plans.</summary>
    /// <exception cref="BackendException">cuDNN failed.</exception>
    public IEnumerable<CudnnHandle> Builders(int count)
    {
        while (builders.Count < count)
            builders.Add(CudnnHandle.Create(device));
        return builders.Take(count);
    }

    public void Dispose()
    {
        using CudaDevice.Scope current = device.Use();
        foreach (CudaAlgorithm algorithm in algorithms.Values)
            algorithm.Dispose();
        algorithms.Clear();
        foreach (CudnnHandle builder in builders)
            builder.Dispose();
        builders.Clear();
    }
}
