namespace Sunet.Native.Backends.Cuda.Memory;

/// <summary>What a pool holds and has done.</summary>
/// <param name="InUseBytes">Bytes of blocks that are out.</param>
/// <param name="CachedBytes">Bytes of blocks that wait for their next use.</param>
/// <param name="PeakBytes">The most bytes that were out at once.</param>
/// <param name="Allocations">Blocks the driver was asked for.</param>
/// <param name="Reuses">Requests met without the driver.</param>
/// <param name="BlocksInUse">Blocks that are out.</param>
internal readonly record struct PoolStatistics(
    long InUseBytes, long CachedBytes, long PeakBytes, long Allocations, long Reuses, int BlocksInUse);
