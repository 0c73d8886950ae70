namespace Sunet.Native;

/// <summary>
/// Identifies a caller, to tell which calls it is inside of: a thread, together with the threads that work for it while it waits for them.
/// </summary>
internal sealed class CallContext
{
    [ThreadStatic]
    private static CallContext? own, waiting;

    /// <summary>The caller that the current thread is, or works for.</summary>
    public static CallContext Current => waiting ?? (own ??= new CallContext());

    /// <summary>The objects that are called, the innermost last.</summary>
    public List<object> Inside { get; } = [];

    /// <summary>Makes the current thread work for a caller that waits for it.</summary>
    /// <param name="caller">The waiting thread's <see cref="Current"/>.</param>
    public static void WorkFor(CallContext caller) => waiting = caller;
}
