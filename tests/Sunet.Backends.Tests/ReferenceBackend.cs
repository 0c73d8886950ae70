using Sunet.Native.Backends;
using Sunet.Native.Graphs;

namespace Sunet.Backends.Tests;

/// <summary>
/// The float64 reference as a backend: written from outside the library against its public contract. Values are stored in float32 between
/// ops, and each op sums in float64.
/// </summary>
internal sealed class ReferenceBackend : IBackend
{
    public string Name => "reference";

    public string Description => "float64 loops in managed code";

    public Precision Precision => Precision.Float32;

    public IReadOnlyList<Precision> Precisions => [Precision.Float32];

    public long MemoryBytes => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    public long AvailableBytes => MemoryBytes;

    public bool UsesHostMemory => true;

    public IBackendSession Open(Graph graph, PlanPurpose purpose, int concurrency = 1) => new ReferenceSession();

    public IDeviceMemory Allocate(long bytes) => new ReferenceMemory(bytes);

    public void Dispose()
    {
    }
}
