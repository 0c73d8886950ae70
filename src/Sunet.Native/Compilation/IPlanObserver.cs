namespace Sunet.Native.Compilation;

/// <summary>
/// Observes the runs of a plan, for timings, traces and checks. It is called on the thread that makes the calls, which on the CPU is one of
/// the backend's. It may use the plan, but must not wait for another thread that uses the backend.
/// </summary>
internal interface IPlanObserver
{
    /// <summary>Before call <paramref name="index"/>.</summary>
    void Starting(int index, PlannedCall call);

    /// <summary>After call <paramref name="index"/>.</summary>
    void Finished(int index, PlannedCall call);
}
