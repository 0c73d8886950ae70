namespace Sunet.Native;

/// <summary>
/// Marks that the calling thread is inside a call to an object. A further call on that thread can only come from a callback and would wait
/// for the first one without end, so it is refused. Calls of other threads are not affected.
/// </summary>
internal readonly struct CallMark : IDisposable
{
    /// <summary>Begins a call, which ends on the same thread when the result is disposed.</summary>
    /// <param name="owner">The object that is called.</param>
    /// <exception cref="InvalidOperationException">The thread is inside a call to it already.</exception>
    public static CallMark Begin(object owner)
    {
        Refuse(owner);
        CallContext.Current.Inside.Add(owner);
        return default;
    }

    /// <summary>Refuses what a callback must not do.</summary>
    /// <exception cref="InvalidOperationException">The thread is inside a call to the object.</exception>
    public static void Refuse(object owner)
    {
        if (CallContext.Current.Inside.Contains(owner))
            throw CallGate.CallbackError(owner.GetType());
    }

    /// <summary>Ends the call.</summary>
    public void Dispose()
    {
        List<object> inside = CallContext.Current.Inside;
        inside.RemoveAt(inside.Count - 1);
    }
}
