namespace Sunet.Native;

/// <summary>
/// The gate of an object that is used by one call at a time: a call waits for the one inside, and closing waits for the last one. A call
/// from a callback of the call inside would wait for itself, so it is refused where the object does not allow it.
/// </summary>
/// <param name="owner">The object's type, for messages.</param>
internal sealed class CallGate(Type owner)
{
    private readonly Lock inside = new();

    /// <summary>The caller that is inside the gate. Like the number of its entries, it is changed only by its own call.</summary>
    private volatile CallContext? caller;
    private int entries;

    /// <summary>The type whose disposal has closed the gate; null while it is open.</summary>
    private volatile Type? closedBy;
    private bool freed;

    /// <summary>Begins a call, which ends when the result is disposed.</summary>
    /// <param name="cancellation">Takes precedence over a closed gate; the wait itself is not cancelled.</param>
    /// <exception cref="InvalidOperationException">The calling thread is inside already: it calls from a callback.</exception>
    /// <exception cref="ObjectDisposedException">The gate is closed.</exception>
    /// <exception cref="OperationCanceledException">The gate is closed, and the caller wants no more of it.</exception>
    public Scope Enter(CancellationToken cancellation = default)
    {
        RefuseCallback();
        return EnterNested(cancellation);
    }

    /// <summary>
    /// Begins a call that a callback may also make, and which ends when the result is disposed. Within another call, it may enter until
    /// that call ends.
    /// </summary>
    public Scope EnterNested(CancellationToken cancellation = default)
    {
        if (caller == CallContext.Current)
        {
            entries++;
            return new Scope(this);
        }

        inside.Enter();
        if (closedBy is not { } closer)
        {
            (caller, entries) = (CallContext.Current, 1);
            return new Scope(this);
        }

        inside.Exit();
        cancellation.ThrowIfCancellationRequested();
        throw new ObjectDisposedException(closer.FullName);
    }

    /// <summary>Refuses the calls that come later, waits for the one inside, and then frees, once, what the object holds.</summary>
    /// <exception cref="InvalidOperationException">A callback of the call inside wants to dispose the object.</exception>
    public void Close(Action free)
    {
        Refuse(owner);
        lock (inside)
        {
            if (freed)
                return;
            freed = true;
            free();
        }
    }

    /// <summary>Refuses the calls that come later, because something they need is disposed, and waits for the one inside.</summary>
    /// <param name="support">The type of what is disposed.</param>
    /// <exception cref="InvalidOperationException">A callback of the call inside wants it.</exception>
    public void Refuse(Type support)
    {
        RefuseCallback();
        closedBy ??= support;
        lock (inside)
        {
            // The call inside has ended.
        }
    }

    /// <summary>Does something that needs no open gate while no call is inside.</summary>
    /// <exception cref="InvalidOperationException">A callback of the call inside wants it.</exception>
    public void Alone(Action work)
    {
        RefuseCallback();
        lock (inside)
            work();
    }

    /// <summary>Refuses what a callback must not do.</summary>
    /// <exception cref="InvalidOperationException">The calling thread is inside.</exception>
    public void RefuseCallback()
    {
        if (caller == CallContext.Current)
            throw CallbackError(owner);
    }

    /// <summary>The error of a call that would wait for itself.</summary>
    public static InvalidOperationException CallbackError(Type owner) => new(
        $"A {owner.Name} cannot be used or disposed by a callback of a call to it that is still running, such as its progress: "
        + "the call would wait for itself. Do it when the running call has returned.");

    private void Leave()
    {
        if (--entries > 0)
            return;
        caller = null;
        inside.Exit();
    }

    /// <summary>A call inside the gate.</summary>
    public readonly struct Scope(CallGate gate) : IDisposable
    {
        /// <summary>Ends the call.</summary>
        public void Dispose() => gate.Leave();
    }
}
