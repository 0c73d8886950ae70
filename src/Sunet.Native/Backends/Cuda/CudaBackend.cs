using System.Globalization;
using Sunet.Native.Backends.Cuda.Algorithms;
using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Backends.Cuda.Kernels;
using Sunet.Native.Backends.Cuda.Memory;
using Sunet.Native.Backends.Cuda.Running;
using Sunet.Native.Graphs;
using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda;

/// <summary>
/// Runs plans on an NVIDIA GPU through cuDNN, cuBLASLt and own kernels. It may be shared by threads; every plan has its own stream. Plans
/// that are there when it is disposed keep the device until the last of them is disposed.
/// </summary>
public sealed class CudaBackend : IBackend
{
    private readonly Lock gate = new();
    private readonly Stack<CudaPlans> idle = [];
    private readonly nint sharedStream;

    /// <summary>Sessions and calls that need the device, and one more until the backend is disposed.</summary>
    private int users = 1;
    private bool disposed;

    /// <summary>Opens a device by its number and shares its primary context with whatever else uses it in this process.</summary>
    /// <param name="ordinal">Which device, from 0.</param>
    /// <param name="options">How it is used; null for float32 with CUDA graphs.</param>
    /// <exception cref="ConfigurationException">An option is out of range.</exception>
    /// <exception cref="BackendException">There is no such device, or a library is missing or too old; the message says which.</exception>
    public CudaBackend(int ordinal = 0, CudaOptions? options = null) : this(options, () => CudaDevice.Open(ordinal), 0)
    {
    }

    private CudaBackend(CudaOptions? options, Func<CudaDevice> open, nint stream)
    {
        Options = options ?? new CudaOptions();
        Options.Validate();
        Settings = SettingsOf(Options);
        sharedStream = stream;
        Device = open();
        Pool = new DevicePool(Device) { LimitBytes = Options.MemoryLimitBytes };
        try
        {
            using DeviceScope current = Device.Use();
            idle.Push(CudaPlans.Create(Device));
            Kernels = CudaKernels.Load(Device);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>How the device is used.</summary>
    public CudaOptions Options { get; }

    /// <inheritdoc/>
    public string Name => string.Create(CultureInfo.InvariantCulture, $"cuda:{Device.Ordinal}");

    /// <inheritdoc/>
    public string Description => string.Create(CultureInfo.InvariantCulture,
        $"{Device.Name}, compute capability {Device.ComputeCapability.Major}.{Device.ComputeCapability.Minor}, "
        + $"cuDNN {CudaLibraries.Ensure(CudaLibrary.CuDnn).VersionText}, "
        + $"cuBLASLt {CudaLibraries.Ensure(CudaLibrary.CuBlasLt).VersionText}, "
        + $"{Options.Precision.ToString().ToLowerInvariant()}");

    /// <inheritdoc/>
    public Precision Precision => Options.Precision;

    /// <inheritdoc/>
    public IReadOnlyList<Precision> Precisions { get; } = [Precision.Float32, Precision.Tf32, Precision.Bf16];

    /// <inheritdoc/>
    public bool UsesHostMemory => false;

    /// <inheritdoc/>
    public long MemoryBytes => Device.TotalBytes;

    /// <summary>The bytes that plans can still take: what the device has free and what is kept here for reuse, up to the limit.</summary>
    /// <exception cref="BackendException">The driver failed.</exception>
    /// <exception cref="ObjectDisposedException">The backend is disposed.</exception>
    public long AvailableBytes
    {
        get
        {
            using Use use = Retain();
            PoolStatistics pool = Pool.Statistics;
            return Math.Min(Device.FreeBytes() + pool.CachedBytes, Pool.LimitBytes - pool.InUseBytes);
        }
    }

    /// <summary>The device, which the last session to be disposed, or the backend, gives back.</summary>
    internal CudaDevice Device { get; }

    /// <summary>The device's memory.</summary>
    internal DevicePool Pool { get; }

    /// <summary>The kernels of our own, compiled for the device.</summary>
    internal CudaKernels Kernels { get; }

    /// <summary>What of the options calls depend on.</summary>
    internal CudaSettings Settings { get; }

    /// <summary>Which algorithms were chosen.</summary>
    internal AlgorithmChoices Choices { get; } = new();

    /// <summary>
    /// Works in a context that another library has made, and if a stream is given, on that stream: what the caller has queued there before
    /// is done before a plan runs. Both stay the caller's and must outlive the backend.
    /// </summary>
    /// <param name="context">A CUcontext.</param>
    /// <param name="ordinal">The context's device.</param>
    /// <param name="stream">A CUstream of the context, or 0 for streams of the backend's own. Not the default stream.</param>
    /// <param name="options">How the device is used.</param>
    /// <exception cref="ConfigurationException">An option is out of range.</exception>
    /// <exception cref="BackendException">The context is not valid, or a library is missing or too old.</exception>
    public static CudaBackend FromContext(nint context, int ordinal, nint stream = 0, CudaOptions? options = null) =>
        new(options, () => CudaDevice.Adopt(context, ordinal), stream);

    /// <summary>
    /// Begins what a profiler is to see: Nsight Systems (<c>--capture-range=cudaProfilerApi</c>) and Nsight Compute record from here on.
    /// Every call carries its layer's name as an NVTX range where that library is there.
    /// </summary>
    /// <returns>Whether layers are named.</returns>
    /// <exception cref="BackendException">The driver refused.</exception>
    /// <exception cref="ObjectDisposedException">The backend is disposed.</exception>
    public bool StartProfiling()
    {
        using Use use = Retain();
        using DeviceScope current = Device.Use();
        bool named = NvtxRanges.TryEnable();
        CudaStatus.ThrowIfFailed(CudaDriver.ProfilerStart(), "cuProfilerStart");
        return named;
    }

    /// <summary>Ends what <see cref="StartProfiling"/> began, once everything queued is done.</summary>
    /// <exception cref="BackendException">The driver refused, or queued work failed.</exception>
    /// <exception cref="ObjectDisposedException">The backend is disposed.</exception>
    public void StopProfiling()
    {
        using Use use = Retain();
        using DeviceScope current = Device.Use();
        Device.Synchronize();
        CudaStatus.ThrowIfFailed(CudaDriver.ProfilerStop(), "cuProfilerStop");
        NvtxRanges.Disable();
    }

    /// <summary>Two sessions, so that one copies while the other computes.</summary>
    public BatchingHint Batching => new(8, 2);

    /// <inheritdoc/>
    public IBackendSession Open(Graph graph, PlanPurpose purpose, int concurrency = 1)
    {
        ArgumentNullException.ThrowIfNull(graph);
        return new CudaSession(this, graph);
    }

    /// <inheritdoc/>
    public IDeviceMemory Allocate(long bytes)
    {
        using Use use = Retain();
        return new CudaSharedMemory(Device, Pool, Math.Max(1, bytes));
    }

    /// <summary>Refuses what comes later, and frees the device when the last plan is disposed.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            if (disposed)
                return;
            disposed = true;
        }

        Release();
    }

    /// <summary>Keeps the device for a session, or for a call that disposes the result.</summary>
    /// <exception cref="ObjectDisposedException">The backend is disposed.</exception>
    internal Use Retain()
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            users++;
        }

        return new Use(this);
    }

    /// <summary>Ends what <see cref="Retain"/> began.</summary>
    internal void Release()
    {
        lock (gate)
        {
            if (--users > 0)
                return;
        }

        while (idle.TryPop(out CudaPlans? plans))
            plans.Dispose();
        Kernels?.Dispose();
        Pool.Dispose();
        Device.Dispose();
    }

    /// <summary>The stream of a new session. The caller disposes it.</summary>
    internal CudaStream OpenStream() => sharedStream == 0 ? CudaStream.Create(Device) : CudaStream.Adopt(Device, sharedStream);

    /// <summary>Library handles for one session: costly to make, and not for two threads at once.</summary>
    internal CudaPlans Rent(CudaStream stream)
    {
        CudaPlans? plans;
        lock (gate)
            idle.TryPop(out plans);
        plans ??= CudaPlans.Create(Device);
        try
        {
            plans.Libraries.Cudnn.SetStream(stream.Raw);
            return plans;
        }
        catch
        {
            plans.Dispose();
            throw;
        }
    }

    /// <summary>Takes library handles back for the next session.</summary>
    internal void Return(CudaPlans plans)
    {
        lock (gate)
            idle.Push(plans);
    }

    private static CudaSettings SettingsOf(CudaOptions options) => new()
    {
        AllowTf32 = options.Precision != Precision.Float32,
        Deterministic = options.Deterministic,
        // Times differ from run to run, and with them what is fastest; who wants the same bits in every process takes the estimate.
        TimesAlgorithms = options.TuneAlgorithms && !options.Deterministic,
        PrefersPrecompiled = options.PreferPrecompiled,
        CompileThreads = options.CompileThreads,
        WorkspaceLimitBytes = options.WorkspaceLimitBytes,
        UsesGraphs = options.UseGraphs,
    };

    /// <summary>A call that needs the device.</summary>
    internal readonly struct Use(CudaBackend backend) : IDisposable
    {
        /// <summary>Ends it.</summary>
        public void Dispose() => backend.Release();
    }
}
