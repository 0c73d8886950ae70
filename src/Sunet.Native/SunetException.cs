namespace Sunet.Native;

/// <summary>The base of every failure this library reports on purpose. The message is one sentence a user can act on.</summary>
public abstract class SunetException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">One sentence: what is wrong, where, and what to do.</param>
    /// <param name="inner">The failure underneath, if there is one.</param>
    protected SunetException(string message, Exception? inner) : base(message, inner)
    {
    }

    /// <summary>The exit code of the console host for this failure.</summary>
    public abstract int ExitCode { get; }
}

/// <summary>A setting, flag or argument is unknown, out of range or contradicts another (exit code 1).</summary>
public sealed class ConfigurationException : SunetException
{
    /// <summary>Creates the exception.</summary>
    public ConfigurationException(string message, Exception? inner = null) : base(message, inner)
    {
    }

    /// <summary>Creates the exception with numbers that no culture changes.</summary>
    internal ConfigurationException(InvariantText message, Exception? inner = null) : this(message.Take(), inner)
    {
    }

    /// <inheritdoc/>
    public override int ExitCode => 1;
}

/// <summary>A data set, image or label map is missing, damaged or inconsistent (exit code 2).</summary>
public sealed class DataException : SunetException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">One sentence that names the file.</param>
    /// <param name="path">The file or folder at fault, if there is one.</param>
    /// <param name="inner">The failure underneath, if there is one.</param>
    public DataException(string message, string? path = null, Exception? inner = null) : base(message, inner) => Path = path;

    /// <summary>Creates the exception with numbers that no culture changes.</summary>
    /// <param name="message">One sentence that names the file.</param>
    /// <param name="path">The file or folder at fault, if there is one.</param>
    /// <param name="inner">The failure underneath, if there is one.</param>
    internal DataException(InvariantText message, string? path = null, Exception? inner = null) : this(message.Take(), path, inner)
    {
    }

    /// <summary>The file or folder at fault, if there is one.</summary>
    public string? Path { get; }

    /// <inheritdoc/>
    public override int ExitCode => 2;
}

/// <summary>A checkpoint is missing, damaged, of another model, or could not be written (exit code 2).</summary>
public sealed class CheckpointException : SunetException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">One sentence that names the file.</param>
    /// <param name="path">The checkpoint at fault.</param>
    /// <param name="inner">The failure underneath, if there is one.</param>
    public CheckpointException(string message, string? path = null, Exception? inner = null) : base(message, inner) => Path = path;

    /// <summary>Creates the exception with numbers that no culture changes.</summary>
    /// <param name="message">One sentence that names the file.</param>
    /// <param name="path">The checkpoint at fault.</param>
    /// <param name="inner">The failure underneath, if there is one.</param>
    internal CheckpointException(InvariantText message, string? path = null, Exception? inner = null) : this(message.Take(), path, inner)
    {
    }

    /// <summary>The checkpoint at fault, if there is one.</summary>
    public string? Path { get; }

    /// <inheritdoc/>
    public override int ExitCode => 2;
}

/// <summary>A device or native library is missing, too old, or failed (exit code 3).</summary>
public sealed class BackendException : SunetException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">One sentence that names the library and, where one is at work, the layer.</param>
    /// <param name="library">The native library, such as <c>libsunet_cpu.so</c>.</param>
    /// <param name="code">The library's own status code; 0 where there is none.</param>
    /// <param name="layer">The layer at work; null outside a plan.</param>
    /// <param name="inner">The failure underneath, if there is one.</param>
    public BackendException(string message, string library, int code = 0, string? layer = null, Exception? inner = null)
        : base(message, inner)
    {
        Library = library;
        Code = code;
        Layer = layer;
    }

    /// <summary>Creates the exception with numbers that no culture changes.</summary>
    /// <param name="message">One sentence that names the library and, where one is at work, the layer.</param>
    /// <param name="library">The native library, such as <c>libsunet_cpu.so</c>.</param>
    /// <param name="code">The library's own status code; 0 where there is none.</param>
    /// <param name="layer">The layer at work; null outside a plan.</param>
    /// <param name="inner">The failure underneath, if there is one.</param>
    internal BackendException(InvariantText message, string library, int code = 0, string? layer = null, Exception? inner = null)
        : this(message.Take(), library, code, layer, inner)
    {
    }

    /// <summary>The native library, such as <c>libsunet_cpu.so</c>.</summary>
    public string Library { get; }

    /// <summary>The library's own status code; 0 where there is none.</summary>
    public int Code { get; }

    /// <summary>The layer at work; null outside a plan.</summary>
    public string? Layer { get; }

    /// <inheritdoc/>
    public override int ExitCode => 3;
}

/// <summary>Host or device memory does not suffice; nothing was left allocated (exit code 4).</summary>
public sealed class MemoryException : SunetException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">One sentence with the bytes wanted and what would lower them.</param>
    /// <param name="bytes">The bytes that were asked for.</param>
    /// <param name="inner">The failure underneath, if there is one.</param>
    public MemoryException(string message, long bytes, Exception? inner = null) : base(message, inner) => Bytes = bytes;

    /// <summary>Creates the exception with numbers that no culture changes.</summary>
    /// <param name="message">One sentence with the bytes wanted and what would lower them.</param>
    /// <param name="bytes">The bytes that were asked for.</param>
    /// <param name="inner">The failure underneath, if there is one.</param>
    internal MemoryException(InvariantText message, long bytes, Exception? inner = null) : this(message.Take(), bytes, inner)
    {
    }

    /// <summary>The bytes that were asked for.</summary>
    public long Bytes { get; }

    /// <inheritdoc/>
    public override int ExitCode => 4;
}

/// <summary>Training met NaN or infinity; weights are those before the step (exit code 5).</summary>
public sealed class DivergedException : SunetException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">One sentence that names the step and the first tensor that is not finite.</param>
    /// <param name="step">The step, counted from 0.</param>
    /// <param name="tensor">The first tensor found not to be finite.</param>
    public DivergedException(string message, long step, string tensor) : base(message, null)
    {
        Step = step;
        Tensor = tensor;
    }

    /// <summary>Creates the exception with numbers that no culture changes.</summary>
    /// <param name="message">One sentence that names the step and the first tensor that is not finite.</param>
    /// <param name="step">The step, counted from 0.</param>
    /// <param name="tensor">The first tensor found not to be finite.</param>
    internal DivergedException(InvariantText message, long step, string tensor) : this(message.Take(), step, tensor)
    {
    }

    /// <summary>The step, counted from 0.</summary>
    public long Step { get; }

    /// <summary>The first tensor found not to be finite.</summary>
    public string Tensor { get; }

    /// <inheritdoc/>
    public override int ExitCode => 5;
}
