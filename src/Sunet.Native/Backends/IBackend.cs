using Sunet.Native.Graphs;

namespace Sunet.Native.Backends;

/// <summary>What a plan is compiled for.</summary>
public enum PlanPurpose
{
    /// <summary>Forward, backward and update.</summary>
    Training,

    /// <summary>Forward only, with fixed statistics.</summary>
    Inference,
}

/// <summary>
/// A device and the primitive library on it. A backend implements forward and gradient primitives and knows nothing of models,
/// differentiation or training. It may be shared by threads; a session may not. Disposing it refuses new sessions; those that are open go
/// on until they are disposed.
/// </summary>
public interface IBackend : IDisposable
{
    /// <summary>The device's name as users give it: <c>cpu</c>, <c>cuda:0</c>.</summary>
    string Name { get; }

    /// <summary>One line: library, version, instruction set, threads.</summary>
    string Description { get; }

    /// <summary>The arithmetic and the element type of activations that plans are compiled for.</summary>
    Precision Precision { get; }

    /// <summary>The precisions that the device has.</summary>
    IReadOnlyList<Precision> Precisions { get; }

    /// <summary>All the memory that the device has for this process, in bytes.</summary>
    long MemoryBytes { get; }

    /// <summary>The bytes that plans can still take.</summary>
    /// <exception cref="BackendException">The device cannot be asked.</exception>
    /// <exception cref="ObjectDisposedException">The backend is disposed.</exception>
    long AvailableBytes { get; }

    /// <summary>Whether <see cref="AvailableBytes"/> are of the memory that the process itself uses, too.</summary>
    bool UsesHostMemory { get; }

    /// <summary>How the device predicts most inputs in a time; one by one where a backend does not say.</summary>
    BatchingHint Batching => new(1, 1);

    /// <summary>Begins the compilation of one graph. The caller disposes the session, after all memory and calls it handed out.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="purpose">What for.</param>
    /// <param name="concurrency">
    /// How many sessions of this kind are meant to run at a time, from 1 up. A backend whose calls use several processors gives each
    /// session its share of them.
    /// </param>
    /// <exception cref="BackendException">The device cannot be used.</exception>
    /// <exception cref="ObjectDisposedException">The backend is disposed.</exception>
    IBackendSession Open(Graph graph, PlanPurpose purpose, int concurrency = 1);

    /// <summary>
    /// Allocates zeroed memory that the plans of any session may use, once what one of them writes there is synchronised. The caller
    /// disposes it after those plans.
    /// </summary>
    /// <exception cref="MemoryException">There is not enough.</exception>
    /// <exception cref="ObjectDisposedException">The backend is disposed.</exception>
    IDeviceMemory Allocate(long bytes);
}

/// <summary>Memory on a device; freed when disposed.</summary>
public interface IDeviceMemory : IDisposable
{
    /// <summary>The first byte, at least 64-byte aligned.</summary>
    nint Address { get; }

    /// <summary>The size.</summary>
    long Bytes { get; }
}
