using System.Runtime.InteropServices;
using Sunet.Native.Graphs;
using Sunet.Native.Tensors;

namespace Sunet.Native.Compilation;

/// <content>What goes into a plan's values and comes out of them.</content>
public sealed partial class Plan
{
    /// <summary>
    /// Writes row-major elements to an input, a parameter or a buffer. Parameters and buffers stay; an input shares its memory with what is
    /// computed after its last reader, so it is written before every forward run.
    /// </summary>
    /// <exception cref="ArgumentException">The number of elements is not the value's.</exception>
    public void Write(Value value, ReadOnlySpan<float> elements)
    {
        using CallGate.Scope inside = Enter(value, DataType.Float32, elements.Length);
        Session.Transfers.Upload(value, addresses.Of(value), MemoryMarshal.AsBytes(elements));
        RefreshCopy(value);
    }

    /// <summary>Writes integers to an input; before every forward run.</summary>
    /// <exception cref="ArgumentException">The number of elements is not the value's.</exception>
    public void Write(Value value, ReadOnlySpan<int> elements)
    {
        using CallGate.Scope inside = Enter(value, DataType.Int32, elements.Length);
        Session.Transfers.Upload(value, addresses.Of(value), MemoryMarshal.AsBytes(elements));
    }

    /// <summary>Writes bytes to an input; before every forward run.</summary>
    /// <exception cref="ArgumentException">The number of elements is not the value's.</exception>
    public void Write(Value value, ReadOnlySpan<byte> elements)
    {
        using CallGate.Scope inside = Enter(value, DataType.UInt8, elements.Length);
        Session.Transfers.Upload(value, addresses.Of(value), elements);
    }

    /// <summary>Reads an output, a parameter, a buffer or a parameter's gradient, row-major.</summary>
    /// <exception cref="ArgumentException">The number of elements is not the value's.</exception>
    public void Read(Value value, Span<float> elements)
    {
        using CallGate.Scope inside = Enter(value, DataType.Float32, elements.Length);
        Session.Transfers.Download(value, addresses.Of(value), MemoryMarshal.AsBytes(elements));
    }

    /// <summary>Reads an integer output.</summary>
    /// <exception cref="ArgumentException">The number of elements is not the value's.</exception>
    public void Read(Value value, Span<int> elements)
    {
        using CallGate.Scope inside = Enter(value, DataType.Int32, elements.Length);
        Session.Transfers.Download(value, addresses.Of(value), MemoryMarshal.AsBytes(elements));
    }

    /// <summary>Reads a byte output.</summary>
    /// <exception cref="ArgumentException">The number of elements is not the value's.</exception>
    public void Read(Value value, Span<byte> elements)
    {
        using CallGate.Scope inside = Enter(value, DataType.UInt8, elements.Length);
        Session.Transfers.Download(value, addresses.Of(value), elements);
    }

    /// <summary>
    /// Writes row-major elements of the value's type that lie on the plan's device already, such as another library's: to an input, a
    /// parameter or a buffer. They must be there, or be computed by the stream the backend was given, and stay until the next run is done.
    /// </summary>
    /// <param name="value">What to write.</param>
    /// <param name="elements">A device address on a GPU, a host address on the CPU, of as many elements as the value has.</param>
    public void WriteFrom(Value value, nint elements)
    {
        ArgumentNullException.ThrowIfNull(value);
        using CallGate.Scope inside = Enter();
        Session.Transfers.UploadFrom(value, addresses.Of(value), elements);
        RefreshCopy(value);
    }

    /// <summary>
    /// Reads a value as row-major elements of its type into memory on the plan's device. They are there once the backend's stream comes to
    /// them; <see cref="Synchronize"/> waits.
    /// </summary>
    /// <param name="value">What to read.</param>
    /// <param name="elements">A device address on a GPU, a host address on the CPU, of as many elements as the value has.</param>
    public void ReadTo(Value value, nint elements)
    {
        ArgumentNullException.ThrowIfNull(value);
        using CallGate.Scope inside = Enter();
        Session.Transfers.DownloadTo(value, addresses.Of(value), elements);
    }

    /// <summary>Host memory in which an input may be put together before it is written; empty where the backend has none.</summary>
    internal Span<byte> Staging(Value input)
    {
        using CallGate.Scope inside = Enter();
        return Session.Transfers.Staging(input, addresses.Of(input));
    }

    /// <summary>The elements of an output in memory of the backend, until the plan's next call; empty where it cannot show them.</summary>
    internal ReadOnlySpan<byte> Fetch(Value output)
    {
        using CallGate.Scope inside = Enter();
        return Session.Transfers.Fetch(output, addresses.Of(output));
    }

    /// <summary>The first element of a float32 output.</summary>
    public float ReadScalar(Value value)
    {
        float result = 0;
        Read(value, MemoryMarshal.CreateSpan(ref result, 1));
        return result;
    }

    /// <summary>The first element of an int32 output.</summary>
    public int ReadInteger(Value value)
    {
        int result = 0;
        Read(value, MemoryMarshal.CreateSpan(ref result, 1));
        return result;
    }

    private void RefreshCopy(Value value)
    {
        if (value.Kind == ValueKind.Parameter && Session.ParameterCopies is { } copies)
            copies.Refresh(Session.Layouts.BytesOf(value) / sizeof(float), addresses.Of(value), addresses.CopyOf(value));
    }

    /// <summary>Begins a call that moves elements of a value.</summary>
    private CallGate.Scope Enter(Value value, DataType type, int length)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (value.Type != type)
            throw new ArgumentException($"'{value.Name}' holds {value.Type}, not {type}.", nameof(value));
        if (length != value.Shape.Count)
        {
            throw new ArgumentException(
                $"'{value.Name}' {value.Shape} has {value.Shape.Count} elements; {length} were given.", nameof(value));
        }

        return Enter();
    }
}
