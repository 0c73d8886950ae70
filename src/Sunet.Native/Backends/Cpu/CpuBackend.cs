using Sunet.Native.Backends.Cpu.Layout;
using Sunet.Native.Backends.Cpu.Memory;
using Sunet.Native.Backends.Cpu.Running;
using Sunet.Native.Backends.Cpu.Threads;
using Sunet.Native.Graphs;
using Sunet.Native.Interop.Cpu;
using Sunet.Native.Interop.Host;

namespace Sunet.Native.Backends.Cpu;

/// <summary>
/// Runs plans on the CPU through oneDNN. It may be shared by threads; every plan has its own native context. Native work runs on threads of
/// the backend's own, which are as many as calls use, or as there are processors if that is more, however many threads ask for it; a call
/// that finds them busy waits. Disposing the backend ends them.
/// </summary>
public sealed class CpuBackend : IBackend
{
    private readonly NativeRuntimeInfo runtime;
    private readonly CpuRunners runners;
    private bool disposed;

    /// <summary>Loads the native library.</summary>
    /// <param name="threads">
    /// How many threads a call uses; 0 takes <see cref="NativeRuntimeInfo.DefaultThreads"/>. Results depend on it in the last bits.
    /// </param>
    /// <exception cref="ConfigurationException">The number is out of range.</exception>
    /// <exception cref="BackendException">The library, or oneDNN, is missing or of another version; the message says which.</exception>
    public CpuBackend(int threads = 0)
        : this(new CpuOptions { Threads = threads })
    {
    }

    /// <summary>Loads the native library.</summary>
    /// <param name="options">How the CPU is used.</param>
    /// <exception cref="ConfigurationException">An option is out of range.</exception>
    /// <exception cref="BackendException">
    /// The library, or oneDNN, is missing or of another version, or the CPU lacks what a precision needs; the message says which.
    /// </exception>
    public CpuBackend(CpuOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        runtime = NativeRuntime.Query();
        RequirePrecision(options.Precision, runtime);
        Options = options with { Threads = options.Threads == 0 ? runtime.DefaultThreads : options.Threads };
        runners = RunnersOf(Threads);
    }

    /// <summary>How the CPU is used; the number of threads is that which calls use.</summary>
    public CpuOptions Options { get; }

    /// <summary>How many threads a call uses.</summary>
    public int Threads => Options.Threads;

    /// <summary>Whether convolutions of bfloat16 are made of products in float16.</summary>
    public bool MultipliesFloat16 => Options.Precision == Precision.Bf16 && Options.Float16Products && runtime.PrefersFloat16;

    /// <inheritdoc/>
    public string Name => "cpu";

    /// <inheritdoc/>
    public string Description => $"oneDNN {runtime.OneDnnVersion}, {runtime.InstructionSet}, "
        + $"{Threads} {(Threads == 1 ? "thread" : "threads")}"
        + (Options.Precision != Precision.Bf16 ? "" : MultipliesFloat16 ? ", bf16 multiplied in float16" : ", bf16");

    /// <inheritdoc/>
    public Precision Precision => Options.Precision;

    /// <inheritdoc/>
    public IReadOnlyList<Precision> Precisions => runtime.HasBFloat16 ? [Precision.Float32, Precision.Bf16] : [Precision.Float32];

    /// <inheritdoc/>
    public long MemoryBytes => HostMemory.TotalBytes;

    /// <inheritdoc/>
    public long AvailableBytes => CpuMemory.AvailableBytes;

    /// <inheritdoc/>
    public bool UsesHostMemory => true;

    /// <summary>
    /// One input on each thread: threads that work on one input wait for each other after every layer, and a larger batch has no more
    /// work to share out than several inputs have.
    /// </summary>
    public BatchingHint Batching => new(1, Threads);

    /// <inheritdoc/>
    public IBackendSession Open(Graph graph, PlanPurpose purpose, int concurrency = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(concurrency, 1);
        ObjectDisposedException.ThrowIf(disposed, this);
        bool normalizes = MultipliesFloat16 || (Precision == Precision.Float32 && purpose == PlanPurpose.Inference);
        var layouts = new CpuFormats(graph, Precision, Options.FuseNormalization && normalizes, MultipliesFloat16, runtime.ChannelBlock);
        int share = Math.Max(1, Threads / concurrency);
        var settings = new CpuSettings(purpose, share, Options.Winograd, Options.Float16Products);
        CpuRunners own = RunnersOf(share);
        try
        {
            return new CpuSession(new CpuRun(settings, own, layouts, new CpuBiasGradients(graph, MultipliesFloat16)));
        }
        finally
        {
            // The session keeps them from here on.
            own.Dispose();
        }
    }

    /// <inheritdoc/>
    public IDeviceMemory Allocate(long bytes)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        return new CpuMemory(bytes);
    }

    /// <summary>
    /// Refuses later calls. Existing plans keep working: they own their contexts and memory, and the last of them to be disposed ends the
    /// threads.
    /// </summary>
    public void Dispose()
    {
        if (!Interlocked.Exchange(ref disposed, true))
            runners.Dispose();
    }

    private CpuRunners RunnersOf(int threads) => CpuRunners.For(threads, Math.Max(1, runtime.MaxThreads / threads));

    /// <summary>Refuses bfloat16 where it would be emulated, slower than float32.</summary>
    /// <exception cref="BackendException">The CPU lacks what the precision needs.</exception>
    internal static void RequirePrecision(Precision precision, NativeRuntimeInfo runtime)
    {
        if (precision == Precision.Bf16 && !runtime.HasBFloat16)
        {
            throw new BackendException("The precision bf16 needs a CPU that multiplies bfloat16 (AVX-512 BF16); "
                + $"oneDNN {runtime.OneDnnVersion} has {runtime.InstructionSet} to use here. Use float32.", CpuLibrary.File);
        }
    }
}
