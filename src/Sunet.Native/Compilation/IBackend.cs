using Sunet.Native.Graphs;

namespace Sunet.Native.Compilation;

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
/// differentiation or training. It may be shared by threads; a session may not.
/// </summary>
public interface IBackend : IDisposable
{
    /// <summary>Such as <c>cpu</c>.</summary>
    string Name { get; }

    /// <summary>One line: library, version, instruction set, threads.</summary>
    string Description { get; }

    /// <summary>Begins the compilation of one graph. The caller disposes the session, after all memory and calls it handed out.</summary>
    IBackendSession Open(PlanPurpose purpose);
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

    /// <summary>A short name of the value's format, such as <c>aBcd16b</c>.</summary>
    string FormatOf(Value value);

    /// <summary>Allocates zeroed memory on the device; the caller disposes it before the session.</summary>
    /// <exception cref="MemoryException">There is not enough.</exception>
    IDeviceMemory Allocate(long bytes);

    /// <summary>Copies row-major elements into a value's place, converting to its format.</summary>
    void Upload(Value value, nint address, ReadOnlySpan<float> elements);

    /// <summary>Copies row-major integers into a value's place.</summary>
    void Upload(Value value, nint address, ReadOnlySpan<int> elements);

    /// <summary>Copies a value out to row-major elements, converting from its format. Waits until it is computed.</summary>
    void Download(Value value, nint address, Span<float> elements);

    /// <summary>Copies an integer value out.</summary>
    void Download(Value value, nint address, Span<int> elements);

    /// <summary>Copies a byte value out.</summary>
    void Download(Value value, nint address, Span<byte> elements);

    /// <summary>One update of stochastic gradient descent over contiguous float32 elements.</summary>
    /// <param name="arguments">Rates and switches.</param>
    /// <param name="count">The number of elements.</param>
    /// <param name="parameters">Changed in place.</param>
    /// <param name="gradients">Read.</param>
    /// <param name="velocity">Changed in place.</param>
    void SgdUpdate(in SgdArguments arguments, long count, nint parameters, nint gradients, nint velocity);

    /// <summary>Adds x onto y, element by element.</summary>
    void Accumulate(long count, nint x, nint y);

    /// <summary>Sets elements to zero.</summary>
    void Clear(long count, nint elements);

    /// <summary>Whether no element is NaN or infinite. Waits until they are computed.</summary>
    bool AllFinite(long count, nint elements);
}

/// <summary>Memory on a device; freed when disposed.</summary>
public interface IDeviceMemory : IDisposable
{
    /// <summary>The first byte, at least 64-byte aligned.</summary>
    nint Address { get; }

    /// <summary>The size.</summary>
    long Bytes { get; }
}

/// <summary>The rates of one update of stochastic gradient descent, with PyTorch's definitions.</summary>
/// <param name="LearningRate">Times the step.</param>
/// <param name="Momentum">Of the velocity; 0 for none.</param>
/// <param name="Dampening">Subtracted from 1 for the gradient's share of the velocity.</param>
/// <param name="WeightDecay">Times the parameter, added to the gradient.</param>
/// <param name="GradientScale">Times the gradient, before anything else.</param>
/// <param name="Nesterov">Whether the step looks ahead.</param>
public readonly record struct SgdArguments(
    float LearningRate, float Momentum, float Dampening, float WeightDecay, float GradientScale, bool Nesterov);

/// <summary>One op made ready to run many times: implementation chosen, addresses bound.</summary>
public abstract class PreparedCall : IDisposable
{
    /// <summary>Bytes of scratch memory that must be there while the call runs; their content is kept by nobody.</summary>
    public virtual long ScratchBytes => 0;

    /// <summary>Which implementation was chosen, such as <c>jit:avx512_core</c>.</summary>
    public abstract string Implementation { get; }

    /// <summary>Tells the call, once, where its values and its scratch memory lie.</summary>
    public abstract void Bind(Func<Value, nint> addressOf, nint scratch);

    /// <summary>Runs the call. Allocates nothing.</summary>
    /// <exception cref="BackendException">The library failed; the message names op and layer.</exception>
    public abstract void Run();

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases what the call prepared.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}
