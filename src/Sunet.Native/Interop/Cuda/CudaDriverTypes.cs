namespace Sunet.Native.Interop.Cuda;

/// <summary>The values of <c>CUresult</c> that we tell apart; the driver names the others.</summary>
internal enum CudaResult
{
    Success = 0,
    InvalidValue = 1,
    OutOfMemory = 2,
    NoDevice = 100,
    InvalidDevice = 101,
    InvalidContext = 201,
    UnsupportedPtxVersion = 222,
    JitCompilationDisabled = 223,
    NotFound = 500,
    NotReady = 600,
}

/// <summary>The values of <c>CUdevice_attribute</c> that we ask for.</summary>
internal enum CudaDeviceAttribute
{
    MultiprocessorCount = 16,
    ComputeCapabilityMajor = 75,
    ComputeCapabilityMinor = 76,
}

/// <summary>The values of <c>CUfunction_attribute</c> that we ask for.</summary>
internal enum CudaFunctionAttribute
{
    MaxThreadsPerBlock = 0,
    LocalSizeBytes = 3,
    Registers = 4,
}

/// <summary>The values of <c>CUjit_option</c> that we set.</summary>
internal enum CudaJitOption
{
    ErrorLogBuffer = 5,
    ErrorLogBufferSizeBytes = 6,
}

/// <summary>The value of <c>CUstreamCaptureMode</c> that we use: only the capturing thread is held to the rules.</summary>
internal enum CudaCaptureMode
{
    ThreadLocal = 1,
}

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
