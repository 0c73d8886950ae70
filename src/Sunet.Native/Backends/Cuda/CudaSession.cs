using Sunet.Native.Backends.Cuda.Algorithms;
using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Backends.Cuda.Layout;
using Sunet.Native.Backends.Cuda.Memory;
using Sunet.Native.Backends.Cuda.Ops;
using Sunet.Native.Backends.Cuda.Running;
using Sunet.Native.Backends.Cuda.Steps;
using Sunet.Native.Graphs;
using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda;

/// <summary>
/// One graph on a GPU: calls go to one stream, transfers of inputs to another; nothing waits but for what the host reads.
/// </summary>
internal sealed class CudaSession : IBackendSession
{
    private readonly CudaBackend backend;
    private readonly CudaStream stream;
    private readonly CudaPlans plans;
    private readonly CudaStepGuard guard;
    private readonly CudaTransfers transfers;

    /// <summary>Each prepares the ops it knows and gives null for others.</summary>
    private readonly Func<CudaRun, Op, PreparedCall?>[] families;

    /// <param name="backend">Keeps the device until the session is disposed.</param>
    /// <param name="graph">The graph that is compiled.</param>
    /// <exception cref="BackendException">The driver or a library failed.</exception>
    /// <exception cref="ObjectDisposedException">The backend is disposed.</exception>
    public CudaSession(CudaBackend backend, Graph graph)
    {
        this.backend = backend;
        OwnBytes = CudaTransfers.BytesFor(graph.Inputs);
        backend.Retain();
        try
        {
            using DeviceScope current = backend.Device.Use();
            stream = backend.OpenStream();
            try
            {
                plans = backend.Rent(stream);
                guard = new CudaStepGuard(backend.Pool, stream);
                Run = new CudaRun
                {
                    Settings = backend.Settings,
                    Stream = stream,
                    Pool = backend.Pool,
                    Kernels = backend.Kernels,
                    Libraries = plans.Libraries,
                    Layouts = new CudaFormats(graph, backend.Precision),
                    Guard = guard.Guard,
                };
                transfers = new CudaTransfers(Run, guard);
            }
            catch
            {
                guard?.Dispose();
                if (plans is not null)
                    backend.Return(plans);
                stream.Dispose();
                throw;
            }
        }
        catch
        {
            backend.Release();
            throw;
        }

        Algorithms = new CudaAlgorithms(Run, plans, backend.Choices);
        StepWork = new CudaStepWork(Run, guard, transfers);
        ParameterCopies = backend.Precision == Precision.Bf16 ? new CudaParameterCopies(Run) : null;
        families =
        [
            (run, op) => CudaConvolution.Prepare(run, Algorithms, op), CudaBatchNorm.Prepare, CudaElementwise.Prepare,
            CudaResampling.Prepare, CudaSoftmax.Prepare, CudaImage.Prepare,
        ];
    }

    /// <inheritdoc/>
    public IValueLayouts Layouts => Run.Layouts;

    /// <inheritdoc/>
    public IValueTransfers Transfers => transfers;

    /// <inheritdoc/>
    public IStepWork StepWork { get; }

    /// <inheritdoc/>
    public IParameterCopies? ParameterCopies { get; }

    /// <inheritdoc/>
    public IReclaimableMemory? ReclaimableMemory => null;

    /// <inheritdoc/>
    public long OwnBytes { get; }

    /// <inheritdoc/>
    public bool RunsAhead => true;

    /// <summary>What the calls of the graph share.</summary>
    internal CudaRun Run { get; }

    /// <summary>Finds the algorithms of the graph's convolutions.</summary>
    internal CudaAlgorithms Algorithms { get; }

    /// <inheritdoc/>
    public PreparedCall Prepare(Op op)
    {
        using DeviceScope current = Run.Use();
        foreach (Func<CudaRun, Op, PreparedCall?> family in families)
        {
            if (family(Run, op) is { } call)
                return call;
        }

        throw new BackendException($"The CUDA backend has no {op.Kind} (layer '{op.Name}').", CudaLibrary.Driver.File, 0, op.Name);
    }

    /// <inheritdoc/>
    public void PrepareAhead(IReadOnlyList<Op> ops, CancellationToken cancellation)
    {
        // Whoever else runs meanwhile would be measured, too.
        if (Run.Settings.TimesAlgorithms)
            return;
        using DeviceScope current = Run.Use();
        Algorithms.GetAll(ops.Select(op => (Problem: CudaConvolution.ProblemOf(Run, op), Op: op)), cancellation);
    }

    /// <inheritdoc/>
    public IDeviceMemory Allocate(long bytes)
    {
        using DeviceScope current = Run.Use();
        return new CudaMemory(Run.Pool, Run.Stream, Math.Max(1, bytes));
    }

    /// <inheritdoc/>
    public PreparedWork Record(Action work) => new CudaRecordedWork(Run, work);

    /// <inheritdoc/>
    public ICallClock CreateClock(int marks)
    {
        Run.ThrowIfDisposed();
        return new CudaClock(Run, marks);
    }

    /// <inheritdoc/>
    public void Synchronize()
    {
        using DeviceScope current = Run.Use();
        Run.Stream.Synchronize();
    }

    /// <inheritdoc/>
    public void Perform(Action work)
    {
        using DeviceScope current = Run.Use();
        work();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!Run.Close())
            return;
        try
        {
            Free();
        }
        finally
        {
            backend.Release();
        }
    }

    private void Free()
    {
        using DeviceScope current = backend.Device.Use();

        // After a failure copies may still be on their way; what has failed was told then, so that only the waiting matters here.
        _ = CudaDriver.StreamSynchronize(stream.Raw);
        guard.Dispose();
        transfers.Dispose();
        backend.Return(plans);
        stream.Dispose();
    }
}
