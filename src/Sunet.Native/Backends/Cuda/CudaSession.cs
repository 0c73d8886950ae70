using Sunet.Native.Backends.Cuda.Algorithms;
using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Backends.Cuda.Kernels;
using Sunet.Native.Backends.Cuda.Layout;
using Sunet.Native.Backends.Cuda.Libraries;
using Sunet.Native.Backends.Cuda.Memory;
using Sunet.Native.Backends.Cuda.Ops;
using Sunet.Native.Backends.Cuda.Steps;
using Sunet.Native.Graphs;
using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda;

/// <summary>One graph on a GPU: calls go to one stream, transfers of inputs to another; nothing waits but for what the host reads.</summary>
internal sealed unsafe class CudaSession : IBackendSession, IValueLayouts, IValueTransfers, IStepWork, IParameterCopies
{
    /// <summary>Each prepares the ops it knows and gives null for others.</summary>
    private static readonly Func<CudaSession, Op, PreparedCall?>[] Families =
    [
        CudaConvolution.Prepare,
        CudaBatchNorm.Prepare,
        CudaElementwise.Prepare,
        CudaResampling.Prepare,
        CudaSoftmax.Prepare,
        CudaImage.Prepare,
    ];

    private readonly CudaBackend backend;
    private readonly CudaFormats formats;
    private readonly CudaLibraryHandles libraries;
    private readonly CudaStepGuard state;
    private readonly CudaTransfers transfers;
    private bool disposed;

    public CudaSession(CudaBackend backend, Graph graph, PlanPurpose purpose)
    {
        this.backend = backend;
        Purpose = purpose;
        formats = new CudaFormats(graph, Options.Precision);
        OwnBytes = CudaTransfers.BytesFor(graph.Inputs);
        backend.Retain();
        try
        {
            using CudaDevice.Scope current = Device.Use();
            Stream = backend.OpenStream();
            try
            {
                libraries = backend.Rent(Stream);
                transfers = new CudaTransfers(this);
                state = new CudaStepGuard(this);
            }
            catch
            {
                transfers?.Dispose();
                if (libraries is not null)
                    backend.Return(libraries);
                Stream.Dispose();
                throw;
            }
        }
        catch
        {
            backend.Release();
            throw;
        }
    }

    public CudaDevice Device => backend.Device;

    public CudaOptions Options => backend.Options;

    /// <summary>Where calls go.</summary>
    public CudaStream Stream { get; }

    public PlanPurpose Purpose { get; }

    public Precision Precision => Options.Precision;

    public bool Deterministic => Options.Deterministic;

    /// <summary>Times differ from run to run, and with them what is fastest; who wants the same bits in every process takes the estimate.</summary>
    public bool TimesAlgorithms => Options.TuneAlgorithms && !Options.Deterministic;

    public bool AllowTf32 => Options.Precision != Precision.Float32;

    public CudnnHandle Cudnn => libraries.Cudnn;

    public CublasLtHandle CublasLt => libraries.CublasLt;

    /// <summary>What was prepared with these libraries' handles, by this session and those before it.</summary>
    public CudaPlans Plans => libraries.Plans;

    /// <summary>The algorithms chosen so far, for all sessions.</summary>
    public CudaAlgorithms Algorithms => backend.Algorithms;

    /// <summary>int32 on the device: updates happen only while it is 0.</summary>
    public nint Guard => state.Guard;

    public IValueLayouts Layouts => this;

    public IValueTransfers Transfers => this;

    public IStepWork StepWork => this;

    public IParameterCopies? ParameterCopies => Precision == Precision.Bf16 ? this : null;

    public IReclaimableMemory? ReclaimableMemory => null;

    public int ElementBytes => sizeof(ushort);

    public long OwnBytes { get; }

    public bool RunsAhead => true;

    public PreparedCall Prepare(Op op)
    {
        using CudaDevice.Scope current = Use();
        foreach (Func<CudaSession, Op, PreparedCall?> family in Families)
        {
            if (family(this, op) is { } call)
                return call;
        }

        throw new BackendException($"The CUDA backend has no {op.Kind} (layer '{op.Name}').", CudaBackend.Library, 0, op.Name);
    }

    public void PrepareAhead(IReadOnlyList<Op> ops, CancellationToken cancellation)
    {
        // Whoever else runs meanwhile would be measured, too.
        if (TimesAlgorithms)
            return;
        using CudaDevice.Scope current = Use();
        Algorithms.GetAll(this, ops.Select(op => (Problem: CudaConvolution.ProblemOf(this, op), Op: op)), cancellation);
    }

    /// <summary>Whether the value's elements are bfloat16; float32, or integers, otherwise.</summary>
    public bool IsBf16(Value value) => formats.IsBf16(value);

    /// <summary>Elements between neighbouring pixels: the channels, or more where the value lies within another.</summary>
    public int PixelStride(Value value) => formats.PixelStride(value);

    public long BytesOf(Value value) => formats.BytesOf(value);

    public string FormatOf(Value value) => formats.Describe(value);

    /// <summary>Parameters and buffers have one format each.</summary>
    public string? SharedFormatOf(Value value) => FormatOf(value);

    public (Value Host, long Offset)? ViewOf(Value value) => formats.ViewOf(value);

    public IDeviceMemory Allocate(long bytes)
    {
        using CudaDevice.Scope current = Use();
        return new CudaMemory(this, Math.Max(1, bytes));
    }

    public void Upload(Value value, nint address, ReadOnlySpan<byte> elements)
    {
        using CudaDevice.Scope current = Use();
        transfers.Upload(value, address, elements);
    }

    public void UploadFrom(Value value, nint address, nint elements)
    {
        using CudaDevice.Scope current = Use();
        transfers.UploadFrom(value, address, elements);
    }

    public void DownloadTo(Value value, nint address, nint elements)
    {
        using CudaDevice.Scope current = Use();
        transfers.DownloadTo(value, address, elements);
    }

    public void Download(Value value, nint address, Span<byte> elements)
    {
        using CudaDevice.Scope current = Use();
        transfers.Download(value, address, elements);
    }

    public bool AllFinite(Value value, nint address)
    {
        using CudaDevice.Scope current = Use();
        // A value within another has neighbours in its memory that are none of its business.
        DeviceBlock? plain = PixelStride(value) == value.Shape.Channels || value.Shape.Rank != 4
            ? null
            : Device.Pool.Allocate(value.Shape.Count * sizeof(float), Stream);
        try
        {
            bool bf16 = IsBf16(value) && plain is null;
            if (plain is not null)
                CudaTransfer.ToNchw(this, value.Shape, address, PixelStride(value), IsBf16(value), plain.Address).Run(Stream.Raw, value.Name);
            return state.IsFinite(CudaTransfer.FiniteCheck(this, bf16, value.Shape.Count, plain?.Address ?? address, state.Flag));
        }
        finally
        {
            if (plain is not null)
                Device.Pool.Free(plain, Stream);
        }
    }

    public void Clear(long bytes, nint address)
    {
        using CudaDevice.Scope current = Use();
        CudaStatus.ThrowIfFailed(CudaDriver.Fill8Async(address, 0, (nuint)bytes, Stream.Raw), "cuMemsetD8Async");
    }

    public void Refresh(long count, nint parameters, nint copy)
    {
        using CudaDevice.Scope current = Use();
        CudaTransfer.ToBf16(this, count, parameters, copy).Run(Stream.Raw, "copy_to_bf16");
    }

    public ParameterUpdate PrepareUpdate(in SgdArguments arguments, long count, nint parameters, nint copy, nint gradients, nint velocity)
    {
        ThrowIfDisposed();
        return new CudaSgd(this, arguments, count, parameters, copy, gradients, velocity);
    }

    public PreparedWork PrepareAccumulate(long count, nint x, nint y)
    {
        using CudaDevice.Scope current = Use();
        return new LaunchedWork(this, 0, CudaTransfer.Accumulate(this, count, x, y));
    }

    public PreparedWork PrepareCheck(nint loss, nint invalid, long count, nint gradients)
    {
        using CudaDevice.Scope current = Use();
        return state.PrepareCheck(loss, invalid, count, gradients);
    }

    public StepCheck LastCheck()
    {
        using CudaDevice.Scope current = Use();
        return state.LastCheck();
    }

    public PreparedWork Record(Action work) => new CudaRecordedWork(this, work);

    public ICallClock CreateClock(int marks)
    {
        ThrowIfDisposed();
        return new CudaClock(this, marks);
    }

    public void Synchronize()
    {
        using CudaDevice.Scope current = Use();
        Stream.Synchronize();
    }

    public void Perform(Action work)
    {
        ThrowIfDisposed();
        using (Device.Use())
            work();
    }

    /// <summary>Copies bytes from the device to pinned memory, behind the work queued so far.</summary>
    public void CopyToHost(nint pinned, nint address, long bytes) =>
        CudaStatus.ThrowIfFailed(CudaDriver.CopyToHostAsync(pinned, address, (nuint)bytes, Stream.Raw), "cuMemcpyDtoHAsync_v2");

    /// <summary>Copies bytes to the device; they may change once it returns.</summary>
    public void UploadBytes(ReadOnlySpan<byte> bytes, nint address) => transfers.UploadBytes(bytes, address);

    /// <summary>Refuses calls that would go to a stream that is gone.</summary>
    /// <exception cref="ObjectDisposedException">The session is disposed.</exception>
    public void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(disposed, this);

    public void Dispose()
    {
        if (disposed)
            return;
        disposed = true;
        try
        {
            Free();
        }
        finally
        {
            backend.Release();
        }
    }

    private CudaDevice.Scope Use()
    {
        ThrowIfDisposed();
        return Device.Use();
    }

    private void Free()
    {
        using CudaDevice.Scope current = Device.Use();

        // After a failure copies may still be on their way; what has failed was told then, so that only the waiting matters here.
        _ = CudaDriver.StreamSynchronize(Stream.Raw);
        state.Dispose();
        transfers.Dispose();
        backend.Return(libraries);
        Stream.Dispose();
    }

    private sealed class CudaMemory : IDeviceMemory
    {
        private readonly CudaSession session;
        private readonly DeviceBlock block;
        private bool freed;

        public CudaMemory(CudaSession session, long bytes)
        {
            this.session = session;
            block = session.Device.Pool.Allocate(bytes, session.Stream);
            Bytes = bytes;
            try
            {
                session.Clear(bytes, block.Address);
            }
            catch
            {
                session.Device.Pool.Free(block, session.Stream);
                throw;
            }
        }

        public nint Address
        {
            get
            {
                ObjectDisposedException.ThrowIf(freed, this);
                return block.Address;
            }
        }

        public long Bytes { get; }

        public void Dispose()
        {
            if (freed)
                return;
            freed = true;
            session.Device.Pool.Free(block, session.Stream);
        }
    }
}
