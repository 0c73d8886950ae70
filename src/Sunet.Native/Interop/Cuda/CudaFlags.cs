namespace Sunet.Native.Interop.Cuda;

/// <summary>Flags of contexts, streams, events and host memory.</summary>
internal static class CudaFlags
{
    /// <summary>Waiting threads sleep instead of spinning (<c>CU_CTX_SCHED_BLOCKING_SYNC</c>).</summary>
    public const uint ContextBlockingSync = 4;

    /// <summary>The stream does not wait for the legacy default stream (<c>CU_STREAM_NON_BLOCKING</c>).</summary>
    public const uint StreamNonBlocking = 1;

    /// <summary>A thread that waits for the event sleeps (<c>CU_EVENT_BLOCKING_SYNC</c>).</summary>
    public const uint EventBlockingSync = 1;

    /// <summary>The event keeps no time, which makes it cheaper (<c>CU_EVENT_DISABLE_TIMING</c>).</summary>
    public const uint EventDisableTiming = 2;

    /// <summary>Pinned for every context (<c>CU_MEMHOSTALLOC_PORTABLE</c>).</summary>
    public const uint HostPortable = 1;
}
