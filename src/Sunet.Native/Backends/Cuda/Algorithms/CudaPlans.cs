using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Backends.Cuda.Libraries;

namespace Sunet.Native.Backends.Cuda.Algorithms;

/// <summary>
/// Library handles, and the algorithms made with them, one for each distinct problem. cuDNN's plans are not all safe for threads, so they
/// stay with their handle, which one session uses at a time.
/// </summary>
internal sealed class CudaPlans : IDisposable
{
    private readonly CudaDevice device;
    private readonly Dictionary<ConvolutionProblem, CudaAlgorithm> algorithms = [];
    private readonly List<CudnnHandle> builders = [];

    private CudaPlans(CudaDevice device)
    {
        this.device = device;
        Libraries = CudaLibraryHandles.Create(device);
    }

    /// <summary>The handles that the algorithms run with.</summary>
    public CudaLibraryHandles Libraries { get; }

    /// <summary>Creates handles, which takes long. The caller disposes them with what will be made with them.</summary>
    /// <exception cref="BackendException">A library is missing, too old, or failed.</exception>
    public static CudaPlans Create(CudaDevice device) => new(device);

    /// <summary>The algorithm that was kept for a problem; null where there is none.</summary>
    public CudaAlgorithm? Find(ConvolutionProblem problem) => algorithms.GetValueOrDefault(problem);

    /// <summary>Keeps an algorithm, which is disposed with the handles.</summary>
    public void Add(ConvolutionProblem problem, CudaAlgorithm algorithm) => algorithms.Add(problem, algorithm);

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
        using (device.Use())
        {
            foreach (CudaAlgorithm algorithm in algorithms.Values)
                algorithm.Dispose();
            algorithms.Clear();
            foreach (CudnnHandle builder in builders)
                builder.Dispose();
            builders.Clear();
        }

        Libraries.Dispose();
    }
}
