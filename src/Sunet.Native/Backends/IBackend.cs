using Sunet.Native.Graphs;

namespace Sunet.Native.Backends;

/// <summary>What a plan is compiled for.</summary>
public enum PlanPurpose
{
    /// <summary>Forward, backward and update.</summary>
    Training,

    /// <summary>Forward only, with fixed statistics.</summary>
    Inference,
}

/// <summary>
/// A device and the primitive library on it. A backend implements forward and gradient primitives and knows nothing of models,
/// differentiation or training. It may be shared by threads; a session may not. Disposing it refuses new sessions; those that are open go
/// on until they are disposed.
/// </summary>
public interface IBackend : IDisposable
{
    /// <summary>Such as <c>cpu</c>.</summary>
    string Name { get; }

    /// <summary>One line: library, version, instruction set, threads.</summary>
    string Description { get; }

    /// <summary>Begins the compilation of one graph. The caller disposes the session, after all memory and calls it handed out.</summary>
    /// <exception cref="BackendException">The device cannot be used.</exception>
    /// <exception cref="ObjectDisposedException">The backend is disposed.</exception>
    IBackendSession Open(Graph graph, PlanPurpose purpose);

    /// <summary>
    /// Allocates zeroed memory that the plans of any session may use, once what one of them writes there is synchronised. The caller
    /// disposes it after those plans.
    /// </summary>
    /// <exception cref="MemoryException">There is not enough.</exception>
    /// <exception cref="ObjectDisposedException">The backend is disposed.</exception>
    IDeviceMemory Allocate(long bytes);
}

/// <summary>One graph's dealings with a backend: formats, prepared calls, memory, transfers.</summary>
public interface IBackendSession : IDisposable
{
    /// <summary>
    /// Prepares an op: chooses an implementation and settles the format of its values. Ops come in running order, so a parameter's format
    /// is settled by its first reader and its gradient is delivered in that same format.
    /// </summary>
    /// <exception cref="BackendException">The backend has no implementation; the message names op and layer.</exception>
    PreparedCall Prepare(Op op);

    /// <summary>The bytes a value takes in its format, a multiple of its element size.</summary>
    long BytesOf(Value value);

    /// <summary>
    /// Told of all ops before the first is prepared: a session whose ops take long to prepare may work on several at once. What it does
    /// not do here, <see cref="Prepare"/> does.
    /// </summary>
    /// <exception cref="BackendException">The backend has no implementation of an op.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    void PrepareAhead(IReadOnlyList<Op> ops, CancellationToken cancellation);

    /// <summary>
    /// Where a value lies within another, so that joining or slicing needs no copy: the other value and the byte offset; null for most.
    /// Both live as long as either is needed.
    /// </summary>
    (Value Host, long Offset)? ViewOf(Value value);

    /// <summary>A short name of the value's format, such as <c>aBcd16b</c>.</summary>
    string FormatOf(Value value);

    /// <summary>
    /// A name that all sessions of a backend give to one format of a shape and to no other, so that their plans may read one copy of a
    /// parameter or buffer; null for a format without such a name.
    /// </summary>
    string? SharedFormatOf(Value value);

    /// <summary>
    /// Bytes of one element in the copy of the parameters that calls read; 0 where they read the float32 parameters themselves. A plan
    /// keeps such a copy beside the parameters, element for element.
    /// </summary>
    int ParameterCopyBytes { get; }

    /// <summary>Bytes the session itself holds on the device, beside the memory of the plan, such as for transfers.</summary>
    long OwnBytes { get; }

    /// <summary>Bytes the device can still give; what <see cref="OwnBytes"/> will take is among them.</summary>
    long AvailableBytes { get; }

    /// <summary>Whether <see cref="AvailableBytes"/> are of the memory that the process itself uses, too.</summary>
    bool UsesHostMemory { get; }

    /// <summary>Whether calls return before their work is done, so that the next inputs may be written meanwhile.</summary>
    bool RunsAhead { get; }

    /// <summary>Allocates zeroed memory on the device; the caller disposes it before the session.</summary>
    /// <exception cref="MemoryException">There is not enough.</exception>
    IDeviceMemory Allocate(long bytes);

    /// <summary>Copies row-major elements into a value's place, converting to its format. The elements may change once it returns.</summary>
    void Upload(Value value, nint address, ReadOnlySpan<float> elements);

    /// <summary>Copies row-major integers into a value's place.</summary>
    void Upload(Value value, nint address, ReadOnlySpan<int> elements);

    /// <summary>Copies row-major bytes into a value's place.</summary>
    void Upload(Value value, nint address, ReadOnlySpan<byte> elements);

    /// <summary>Copies row-major elements that lie on the device already; returns before it is done where the session runs ahead.</summary>
    void UploadFrom(Value value, nint address, nint elements);

    /// <summary>Copies a value out to row-major elements on the device; returns before it is done where the session runs ahead.</summary>
    void DownloadTo(Value value, nint address, nint elements);

    /// <summary>Copies a value out to row-major elements, converting from its format. Waits until it is computed.</summary>
    void Download(Value value, nint address, Span<float> elements);

    /// <summary>Copies an integer value out.</summary>
    void Download(Value value, nint address, Span<int> elements);

    /// <summary>Copies a byte value out.</summary>
    void Download(Value value, nint address, Span<byte> elements);

    /// <summary>Whether no element of a float32 value is NaN or infinite. Waits until they are computed.</summary>
    bool AllFinite(Value value, nint address);

    /// <summary>Sets bytes to zero.</summary>
    void Clear(long bytes, nint address);

    /// <summary>Whether <see cref="Forget"/> gives memory back.</summary>
    bool CanForget { get; }

    /// <summary>
    /// Gives the memory of bytes whose content nobody needs back to the system, where it can; it is there again when it is used, every byte
    /// zero or as it was.
    /// </summary>
    void Forget(long bytes, nint address);

    /// <summary>Has the system provide the memory of bytes that are about to be written, where that is faster than as they are written.</summary>
    void Provide(long bytes, nint address);

    /// <summary>
    /// Brings the copy of parameters, in the element type that calls read, up to date with the float32 parameters. Called after an upload;
    /// a <see cref="ParameterUpdate"/> keeps its own part up to date.
    /// </summary>
    void RefreshCopy(long count, nint parameters, nint copy);

    /// <summary>Prepares updates of contiguous float32 parameters.</summary>
    /// <param name="arguments">Rates and switches.</param>
    /// <param name="count">The number of elements.</param>
    /// <param name="parameters">Changed in place.</param>
    /// <param name="copy">Receives the changed parameters in the element type that calls read; 0 where there is no copy.</param>
    /// <param name="gradients">Read.</param>
    /// <param name="velocity">Changed in place.</param>
    ParameterUpdate PrepareUpdate(in SgdArguments arguments, long count, nint parameters, nint copy, nint gradients, nint velocity);

    /// <summary>Prepares the addition of x onto y, float32, element by element.</summary>
    PreparedWork PrepareAccumulate(long count, nint x, nint y);

    /// <summary>
    /// Prepares the judgement of a step, made between its backward pass and its updates. Until the next judgement, updates of parameters
    /// and of running statistics do nothing if the step was not sound.
    /// </summary>
    /// <param name="loss">The loss, float32.</param>
    /// <param name="invalid">How many labels were out of range, int32.</param>
    /// <param name="count">The number of gradient elements.</param>
    /// <param name="gradients">The gradients, float32.</param>
    PreparedWork PrepareJudgement(nint loss, nint invalid, long count, nint gradients);

    /// <summary>The last judgement; waits until it is made.</summary>
    StepVerdict Verdict();

    /// <summary>Makes work that is the same at every step replayable at less cost, where the device can (a CUDA graph).</summary>
    /// <param name="work">Runs prepared calls and prepared work of this session, and nothing else: no transfers, no waiting.</param>
    PreparedWork Record(Action work);

    /// <summary>A clock for the calls of this session.</summary>
    /// <param name="marks">How many marks it holds.</param>
    ICallClock CreateClock(int marks);

    /// <summary>Waits until everything asked for is done.</summary>
    /// <exception cref="BackendException">Something that ran meanwhile has failed.</exception>
    void Synchronize();

    /// <summary>
    /// Makes work of several calls where the device can be used, and returns when the calls are asked for: on a GPU on this thread, which the
    /// device is current to meanwhile; on the CPU on a thread of the backend's, which the work has to itself. It nests. Methods of the session
    /// itself do not need it. What the work throws is thrown here.
    /// </summary>
    /// <param name="work">Runs prepared calls, and methods of this session; does not wait for other threads that use the backend.</param>
    void Perform(Action work);
}

/// <summary>Memory on a device; freed when disposed.</summary>
public interface IDeviceMemory : IDisposable
{
    /// <summary>The first byte, at least 64-byte aligned.</summary>
    nint Address { get; }

    /// <summary>The size.</summary>
    long Bytes { get; }
}
