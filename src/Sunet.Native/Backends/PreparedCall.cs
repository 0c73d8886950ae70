using Sunet.Native.Graphs;

namespace Sunet.Native.Backends;

/// <summary>Where everything of a plan lies on its device.</summary>
public interface IValueAddresses
{
    /// <summary>Scratch memory: as much as the call asked for, or more.</summary>
    nint Scratch { get; }

    /// <summary>The first byte of a value.</summary>
    nint Of(Value value);

    /// <summary>The first byte of what calls read of a parameter: its copy where the plan keeps one, else the parameter.</summary>
    nint CopyOf(Value parameter);
}

/// <summary>One op made ready to run many times: implementation chosen, addresses bound.</summary>
public abstract class PreparedCall : IDisposable
{
    private bool disposed;

    /// <summary>Bytes of scratch memory that must be there while the call runs; their content is kept by nobody.</summary>
    public virtual long ScratchBytes => 0;

    /// <summary>Which implementation was chosen, such as <c>jit:avx512_core</c>.</summary>
    public abstract string Implementation { get; }

    /// <summary>Tells the call, once, where its values and its scratch memory lie.</summary>
    public abstract void Bind(IValueAddresses at);

    /// <summary>Runs the call. Allocates nothing.</summary>
    /// <exception cref="BackendException">The library failed; the message names op and layer.</exception>
    /// <exception cref="ObjectDisposedException">The plan is disposed.</exception>
    public abstract void Run();

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref disposed, true))
            return;
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases what the call prepared; called once.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}
