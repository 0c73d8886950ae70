using System.Runtime.InteropServices;
using Sunet.Native.Backends.Cpu.Layout;
using Sunet.Native.Backends.Cpu.Memory;
using Sunet.Native.Backends.Cpu.Ops;
using Sunet.Native.Backends.Cpu.Steps;
using Sunet.Native.Backends.Cpu.Threads;
using Sunet.Native.Graphs;
using Sunet.Native.Interop.Cpu;
using Sunet.Native.Interop.Host;
using Sunet.Native.Interop.Loading;

namespace Sunet.Native.Backends.Cpu;

/// <summary>One graph on the CPU: prepares its calls, moves values in and out, and judges its steps.</summary>
internal sealed unsafe class CpuSession : IBackendSession
{
    /// <summary>Each prepares the ops it knows and gives null for others.</summary>
    private static readonly Func<CpuSession, Op, PreparedCall?>[] Families =
    [
        CpuConvolution.Prepare, CpuBatchNorm.Prepare, CpuElementwise.Prepare, CpuResampling.Prepare, CpuSoftmax.Prepare, CpuLinear.Prepare,
        CpuImage.Prepare,
    ];

    private readonly CpuRunners runners;
    private readonly CpuFormats formats;
    private readonly CpuTransfer transfer;
    private readonly CpuMemoryHandle one;
    private StepVerdict verdict;
    private bool disposed;

    /// <param name="options">How the CPU is used.</param>
    /// <param name="runners">Where everything that may wake OpenMP's threads runs.</param>
    /// <param name="graph">The graph.</param>
    /// <param name="purpose">What for.</param>
    /// <param name="channelBlock">Channels that lie side by side in the blocked layout.</param>
    /// <param name="multipliesFloat16">Whether convolutions of bfloat16 are made of products in float16.</param>
    public CpuSession(
        CpuOptions options, CpuRunners runners, Graph graph, PlanPurpose purpose, int channelBlock, bool multipliesFloat16)
    {
        this.runners = runners;
        transfer = new CpuTransfer(this);
        Options = options;
        Purpose = purpose;
        bool normalizes = multipliesFloat16 || (options.Precision == CpuPrecision.Float32 && purpose == PlanPurpose.Inference);
        formats = new CpuFormats(graph, options.Precision, options.FuseNormalization && normalizes, multipliesFloat16, channelBlock);
        BiasGradients = new CpuBiasGradients(graph, multipliesFloat16);
        Context = CpuContextHandle.Create(options.Threads);
        try
        {
            one = CpuMemoryHandle.Allocate(sizeof(float));
        }
        catch
        {
            Context.Dispose();
            throw;
        }

        *(float*)one.Raw = 1;
        runners.Share();
    }

    public CpuContextHandle Context { get; }

    /// <summary>The memory that was allocated for the plan.</summary>
    public List<CpuMemory> Arenas { get; } = [];

    public CpuOptions Options { get; }

    public PlanPurpose Purpose { get; }

    public CpuBiasGradients BiasGradients { get; }

    public int ParameterCopyBytes => 0;

    public long OwnBytes => 0;

    public long AvailableBytes => CpuMemory.AvailableBytes;

    public bool UsesHostMemory => true;

    public bool RunsAhead => false;

    public bool CanForget => Posix.HasDontNeed;

    /// <summary>Whether the last judged step was sound; true before the first.</summary>
    public bool StepIsSound { get; private set; } = true;

    /// <summary>Where a constant 1 lies.</summary>
    public float* One => (float*)one.Raw;

    public PreparedCall Prepare(Op op)
    {
        try
        {
            foreach (Func<CpuSession, Op, PreparedCall?> family in Families)
            {
                if (family(this, op) is { } call)
                    return call;
            }
        }
        catch (ArgumentException e)
        {
            throw new BackendException($"The CPU library refuses {op.Kind} '{op.Name}': {e.Message}", NativeLibraries.CpuFile, 0, op.Name, e);
        }

        throw new BackendException($"The CPU backend has no {op.Kind} (layer '{op.Name}').", NativeLibraries.CpuFile, 0, op.Name);
    }

    /// <summary>The description of a value whose layout this session chose.</summary>
    public NativeTensor TensorOf(Value value) => formats.TensorOf(value);

    /// <summary>The format of weights or their gradient once a convolution has settled it; null before.</summary>
    public CpuFormatHandle? SettledFormat(Value value) => formats.SettledFormat(value);

    /// <summary>The description of float32 weights of which all convolutions read copies.</summary>
    public NativeTensor CopiedWeights(Value weights) => formats.CopiedWeights(weights);

    /// <summary>Settles the format of weights; the session owns the handle from here on.</summary>
    public void Settle(Value value, CpuFormatHandle format, NativeType type) => formats.Settle(value, format, type);

    public long BytesOf(Value value) => formats.BytesOf(value);

    public (Value Host, long Offset)? ViewOf(Value value) => formats.ViewOf(value);

    /// <summary>Whether the value is never made, its reader taking the value it would be made from.</summary>
    public bool IsUnmade(Value value) => formats.IsUnmade(value);

    public string FormatOf(Value value) => formats.NameOf(value);

    public string? SharedFormatOf(Value value) => formats.SharedNameOf(value);

    public IDeviceMemory Allocate(long bytes)
    {
        var memory = new CpuMemory(bytes);
        Arenas.Add(memory);
        return memory;
    }

    public void Upload(Value value, nint address, ReadOnlySpan<float> elements)
    {
        fixed (float* plain = elements)
            transfer.Convert(value, (nint)plain, address, into: true);
    }

    public void Upload(Value value, nint address, ReadOnlySpan<int> elements) => elements.CopyTo(new Span<int>((void*)address, elements.Length));

    public void Upload(Value value, nint address, ReadOnlySpan<byte> elements) =>
        elements.CopyTo(new Span<byte>((void*)address, elements.Length));

    public void UploadFrom(Value value, nint address, nint elements) => transfer.Move(value, elements, address, into: true);

    public void DownloadTo(Value value, nint address, nint elements) => transfer.Move(value, elements, address, into: false);

    public void Download(Value value, nint address, Span<float> elements)
    {
        fixed (float* plain = elements)
            transfer.Convert(value, (nint)plain, address, into: false);
    }

    public void Download(Value value, nint address, Span<int> elements) => new Span<int>((void*)address, elements.Length).CopyTo(elements);

    public void Download(Value value, nint address, Span<byte> elements) => new Span<byte>((void*)address, elements.Length).CopyTo(elements);

    public bool AllFinite(Value value, nint address)
    {
        bool finite = false;
        Dispatch(() => finite = AllFinite(BytesOf(value) / formats.ElementBytes(value), formats.TypeOf(value), address));
        return finite;
    }

    /// <summary>Whether no element is NaN or infinite; called on a runner.</summary>
    public bool AllFinite(long count, NativeType type, nint elements)
    {
        int finite = 0;
        Check(SunetCpu.AllFinite(Context.Raw, count, type, (void*)elements, &finite), "all_finite");
        return finite != 0;
    }

    public void Forget(long bytes, nint address)
    {
        Posix.DontNeed(address, bytes);
        Arenas.ForEach(a => a.IsWanted = false);
    }

    public void Provide(long bytes, nint address) => Posix.Populate(address, bytes, Options.Threads);

    public void Clear(long bytes, nint address) => NativeMemory.Clear((void*)address, checked((nuint)bytes));

    public void RefreshCopy(long count, nint parameters, nint copy) =>
        throw new NotSupportedException("Parameters are read as they are on the CPU; there is no copy.");

    public ParameterUpdate PrepareUpdate(in SgdArguments arguments, long count, nint parameters, nint copy, nint gradients, nint velocity) =>
        CpuUpdate.Sgd(this, arguments, count, parameters, gradients, velocity);

    public PreparedWork PrepareAccumulate(long count, nint x, nint y) => CpuUpdate.Accumulate(this, count, x, y);

    public PreparedWork PrepareJudgement(nint loss, nint invalid, long count, nint gradients) =>
        CpuUpdate.Judgement(this, loss, invalid, count, gradients);

    public void Judge(StepVerdict found)
    {
        verdict = found;
        StepIsSound = found.IsSound;
    }

    public StepVerdict Verdict() => verdict;

    public void PrepareAhead(IReadOnlyList<Op> ops, CancellationToken cancellation)
    {
        // Primitives are made one after the other: compiled code is shared, and most is found made already.
    }

    public PreparedWork Record(Action work) => CpuUpdate.Repeat(work);

    public ICallClock CreateClock(int marks) => new CpuClock(marks);

    public void Synchronize()
    {
        // Every call is done when it returns.
    }

    public void Perform(Action work)
    {
        foreach (CpuMemory arena in Arenas)
            arena.IsWanted = true;
        runners.Perform(work);
    }

    /// <summary>Makes one call that may wake OpenMP's threads, such as of a transfer.</summary>
    public void Dispatch(Action call) => runners.Perform(call);

    public void Dispose()
    {
        if (disposed)
            return;
        disposed = true;
        formats.Dispose();
        one.Dispose();
        Context.Dispose();
        runners.Dispose();
    }

    internal static void Check(int status, string kernel, string? layer = null) =>
        NativeStatus.ThrowIfFailed(status, kernel, NativeLibraries.CpuFile, layer);
}
