using Sunet.Native.Graphs;

namespace Sunet.Native.Backends;

/// <summary>
/// One graph on a backend. A plan asks for the layouts of its values, has every op prepared, allocates its memory, moves values in and out,
/// and runs what was prepared; a plan that trains asks for the work of a step as well.
/// </summary>
public interface IBackendSession : IDisposable
{
    /// <summary>How the values of the graph lie in memory.</summary>
    IValueLayouts Layouts { get; }

    /// <summary>Moves values in and out.</summary>
    IValueTransfers Transfers { get; }

    /// <summary>What a training step needs beside the ops of its graph.</summary>
    IStepWork StepWork { get; }

    /// <summary>Keeps a copy of the parameters in the element type that calls read; null where they read the float32 parameters.</summary>
    IParameterCopies? ParameterCopies { get; }

    /// <summary>Gives memory back to the system between runs; null where memory stays the device's from its allocation on.</summary>
    IReclaimableMemory? ReclaimableMemory { get; }

    /// <summary>Bytes the session itself holds on the device beside the memory of the plan, for transfers.</summary>
    long OwnBytes { get; }

    /// <summary>Whether calls return before their work is done, so that the next inputs may be written meanwhile.</summary>
    bool RunsAhead { get; }

    /// <summary>
    /// Tells the session of all ops before the first is prepared: a session whose ops take long to prepare may work on several at once.
    /// What it does not do here, <see cref="Prepare"/> does.
    /// </summary>
    /// <exception cref="BackendException">The backend has no implementation of an op.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    void PrepareAhead(IReadOnlyList<Op> ops, CancellationToken cancellation)
    {
    }

    /// <summary>
    /// Prepares an op: chooses an implementation and settles the format of its values. Ops come in running order, so a parameter's format
    /// is settled by its first reader and its gradient is delivered in that same format.
    /// </summary>
    /// <exception cref="BackendException">The backend has no implementation; the message names op and layer.</exception>
    PreparedCall Prepare(Op op);

    /// <summary>Allocates zeroed memory on the device; the caller disposes it before the session.</summary>
    /// <exception cref="MemoryException">There is not enough.</exception>
    IDeviceMemory Allocate(long bytes);

    /// <summary>Makes work that is the same at every step replayable at less cost, where the device can (a CUDA graph).</summary>
    /// <param name="work">Runs prepared calls and prepared work of this session, and nothing else: no transfers, no waiting.</param>
    PreparedWork Record(Action work);

    /// <summary>Creates a clock for the calls of this session; the caller disposes it.</summary>
    /// <param name="marks">How many marks it holds.</param>
    ICallClock CreateClock(int marks);

    /// <summary>Waits until everything asked for is done.</summary>
    /// <exception cref="BackendException">Something that ran meanwhile has failed.</exception>
    void Synchronize();

    /// <summary>
    /// Runs work of several calls where the device can be used, and returns when the calls have been issued. On a GPU the work runs on this
    /// thread, with the device current to it; on the CPU it runs on a thread of the backend, which serves nothing else meanwhile. Calls may
    /// nest. Methods of the session itself do not need it. Exceptions of the work are thrown here.
    /// </summary>
    /// <param name="work">Runs prepared calls, and methods of this session; does not wait for other threads that use the backend.</param>
    void Perform(Action work);
}

/// <summary>How the values of one graph lie in memory.</summary>
public interface IValueLayouts
{
    /// <summary>The bytes a value takes in its format, a multiple of its element size.</summary>
    long BytesOf(Value value);

    /// <summary>
    /// Where a value lies within another, so that joining or slicing needs no copy: the other value and the byte offset; null for most.
    /// Both live as long as either is needed.
    /// </summary>
    (Value Host, long Offset)? ViewOf(Value value);

    /// <summary>A short name of the value's format, for people, such as <c>aBcd16b</c>.</summary>
    string FormatOf(Value value);

    /// <summary>
    /// A name that all sessions of a backend give to one format of a shape and to no other, so that their plans may read one copy of a
    /// parameter or buffer; null for a format without such a name.
    /// </summary>
    string? SharedFormatOf(Value value);
}

/// <summary>
/// Moves values between row-major elements and their places on the device. The elements of float32 values are float32 whatever they are on
/// the device.
/// </summary>
public interface IValueTransfers
{
    /// <summary>
    /// Copies the bytes of row-major elements into a value's place, converting to its format. They may change once it returns.
    /// </summary>
    /// <param name="value">The value.</param>
    /// <param name="address">Its first byte on the device.</param>
    /// <param name="elements">As many elements of the value's type as it has, as bytes.</param>
    void Upload(Value value, nint address, ReadOnlySpan<byte> elements);

    /// <summary>Copies a value out to the bytes of row-major elements, converting from its format. Waits until it is computed.</summary>
    /// <param name="value">The value.</param>
    /// <param name="address">Its first byte on the device.</param>
    /// <param name="elements">Room for as many elements of the value's type as it has, as bytes.</param>
    void Download(Value value, nint address, Span<byte> elements);

    /// <summary>
    /// Host memory for the row-major elements of an input, as many bytes as it has, in which a caller may put them together. An
    /// <see cref="Upload"/> of this whole memory copies nothing within the host. It is the caller's until that upload, or until the value
    /// is asked for again; its content is undefined.
    /// </summary>
    /// <param name="value">An input of the graph.</param>
    /// <param name="address">Its first byte on the device.</param>
    /// <returns>The memory; empty where the session has none, and the caller takes memory of its own.</returns>
    Span<byte> Staging(Value value, nint address) => [];

    /// <summary>
    /// Waits until a value is computed, and shows its row-major elements in memory of the session, so that a caller who wants them
    /// elsewhere, row by row, copies them once. They are valid until the next call of the session.
    /// </summary>
    /// <param name="value">An output of the graph.</param>
    /// <param name="address">Its first byte on the device.</param>
    /// <returns>The elements, as bytes; empty where the session cannot show them, and <see cref="Download"/> has to copy.</returns>
    ReadOnlySpan<byte> Fetch(Value value, nint address) => [];

    /// <summary>Copies row-major elements that lie on the device already; returns before it is done where the session runs ahead.</summary>
    void UploadFrom(Value value, nint address, nint elements);

    /// <summary>Copies a value out to row-major elements on the device; returns before it is done where the session runs ahead.</summary>
    void DownloadTo(Value value, nint address, nint elements);

    /// <summary>Sets bytes to zero.</summary>
    void Clear(long bytes, nint address);

    /// <summary>Whether no element of a float32 value is NaN or infinite. Waits until they are computed.</summary>
    bool AllFinite(Value value, nint address);
}

/// <summary>What a training step needs beside the ops of its graph: the check of the step, sums over steps, and updates.</summary>
public interface IStepWork
{
    /// <summary>
    /// Prepares the check of a step, made between its backward pass and its updates. Until the next check, updates of parameters and of
    /// running statistics do nothing if the step was not sound.
    /// </summary>
    /// <param name="loss">The address of the loss, float32.</param>
    /// <param name="invalid">The address of how many labels were out of range, int32.</param>
    /// <param name="count">The number of gradient elements.</param>
    /// <param name="gradients">The address of the gradients, float32.</param>
    PreparedWork PrepareCheck(nint loss, nint invalid, long count, nint gradients);

    /// <summary>The result of the last check; waits until it is made.</summary>
    StepCheck LastCheck();

    /// <summary>Prepares the addition of x onto y, float32, element by element.</summary>
    PreparedWork PrepareAccumulate(long count, nint x, nint y);

    /// <summary>
    /// Prepares the multiplication of x, float32, by min(1, maxNorm / (norm + 1e-6)) with the Euclidean norm of x, as PyTorch's
    /// <c>clip_grad_norm_</c>. It also runs after a step that was not sound, whose gradients nobody reads.
    /// </summary>
    /// <param name="count">The number of elements.</param>
    /// <param name="x">The address of the elements, which change in place.</param>
    /// <param name="maxNorm">Above 0.</param>
    PreparedWork PrepareClip(long count, nint x, float maxNorm);

    /// <summary>Prepares updates of contiguous float32 parameters.</summary>
    /// <param name="arguments">Rates and switches.</param>
    /// <param name="count">The number of elements.</param>
    /// <param name="parameters">The address of the parameters, which change in place.</param>
    /// <param name="copy">Receives the changed parameters in the element type that calls read; 0 where there is no copy.</param>
    /// <param name="gradients">The address of the gradients.</param>
    /// <param name="velocity">The address of the velocity, which changes in place.</param>
    ParameterUpdate PrepareUpdate(in SgdArguments arguments, long count, nint parameters, nint copy, nint gradients, nint velocity);
}

/// <summary>A copy of the parameters, element for element, in the type that calls read.</summary>
public interface IParameterCopies
{
    /// <summary>Bytes of one element of the copy.</summary>
    int ElementBytes { get; }

    /// <summary>
    /// Brings the copy of parameters up to date with the float32 parameters. Called after an upload; a <see cref="ParameterUpdate"/> keeps
    /// its own part up to date.
    /// </summary>
    void Refresh(long count, nint parameters, nint copy);
}

/// <summary>Memory that the system counts only while it is used, and that can be given back to it.</summary>
public interface IReclaimableMemory
{
    /// <summary>
    /// Gives the memory of bytes whose content nobody needs back to the system; it is there again when it is used, every byte zero or as it
    /// was.
    /// </summary>
    void Reclaim(long bytes, nint address);

    /// <summary>
    /// Has the system provide the memory of bytes that are about to be written. Providing it at once is faster than page by page.
    /// </summary>
    void Provide(long bytes, nint address);
}
