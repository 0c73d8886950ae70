namespace Sunet.Native.Compilation;

/// <summary>
/// Watches a plan run: timings, traces, checks. It is told on the thread that makes the calls, which on the CPU is one of the backend's,
/// and may use the plan, but not wait for another thread that uses the backend.
/// </summary>
internal interface IPlanObserver
{
    /// <summary>Before call <paramref name="index"/>.</summary>
    void Starting(int index, PlannedCall call);

    /// <summary>After call <paramref name="index"/>.</summary>
    void Finished(int index, PlannedCall call);
}
