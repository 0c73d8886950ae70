using Sunet.Native.Backends.Cpu.Memory;
using Sunet.Native.Backends.Cpu.Ops;
using Sunet.Native.Backends.Cpu.Running;
using Sunet.Native.Backends.Cpu.Steps;
using Sunet.Native.Graphs;
using Sunet.Native.Interop.Cpu;
using Sunet.Native.Interop.Host;

namespace Sunet.Native.Backends.Cpu;

/// <summary>One graph on the CPU. Every call is done when it returns.</summary>
internal sealed class CpuSession : IBackendSession, IReclaimableMemory
{
    /// <summary>Each prepares the ops it knows and gives null for others.</summary>
    private static readonly Func<CpuRun, Op, PreparedCall?>[] Families =
    [
        CpuConvolution.Prepare, CpuBatchNorm.Prepare, CpuElementwise.Prepare, CpuResampling.Prepare, CpuSoftmax.Prepare, CpuLinear.Prepare,
        CpuImage.Prepare,
    ];

    private readonly CpuRun run;
    private bool disposed;

    /// <param name="run">What the calls share; the session disposes it.</param>
    public CpuSession(CpuRun run)
    {
        this.run = run;
        Transfers = new CpuTransfers(run);
        StepWork = new CpuStepWork(run);
    }

    /// <inheritdoc/>
    public IValueLayouts Layouts => run.Layouts;

    /// <inheritdoc/>
    public IValueTransfers Transfers { get; }

    /// <inheritdoc/>
    public IStepWork StepWork { get; }

    /// <summary>Calls read the parameters themselves.</summary>
    public IParameterCopies? ParameterCopies => null;

    /// <inheritdoc/>
    public IReclaimableMemory? ReclaimableMemory => Posix.HasDontNeed ? this : null;

    /// <inheritdoc/>
    public long OwnBytes => 0;

    /// <inheritdoc/>
    public bool RunsAhead => false;

    /// <summary>The memory that was allocated for the plan.</summary>
    internal List<CpuMemory> Arenas { get; } = [];

    /// <inheritdoc/>
    public PreparedCall Prepare(Op op)
    {
        try
        {
            foreach (Func<CpuRun, Op, PreparedCall?> family in Families)
            {
                if (family(run, op) is { } call)
                    return call;
            }
        }
        catch (ArgumentException e)
        {
            throw new BackendException($"The CPU library refuses {op.Kind} '{op.Name}': {e.Message}", CpuLibrary.File, 0, op.Name, e);
        }

        throw new BackendException($"The CPU backend has no {op.Kind} (layer '{op.Name}').", CpuLibrary.File, 0, op.Name);
    }

    /// <inheritdoc/>
    public IDeviceMemory Allocate(long bytes)
    {
        var memory = new CpuMemory(bytes);
        Arenas.Add(memory);
        return memory;
    }

    /// <inheritdoc/>
    public void Reclaim(long bytes, nint address)
    {
        Posix.DontNeed(address, bytes);
        Arenas.ForEach(a => a.IsWanted = false);
    }

    /// <inheritdoc/>
    public void Provide(long bytes, nint address) => Posix.Populate(address, bytes, run.Settings.Threads);

    /// <summary>The parts of the work find their runner themselves: what is between them is the caller's.</summary>
    public PreparedWork Record(Action work) => new CpuWork(w => w(), work);

    /// <inheritdoc/>
    public ICallClock CreateClock(int marks) => new CpuClock(marks);

    /// <inheritdoc/>
    public void Synchronize()
    {
        // Every call is done when it returns.
    }

    /// <inheritdoc/>
    public void Perform(Action work)
    {
        foreach (CpuMemory arena in Arenas)
            arena.IsWanted = true;
        run.Perform(work);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (disposed)
            return;
        disposed = true;
        run.Dispose();
    }
}
