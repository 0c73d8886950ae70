namespace Sunet.Native.Compilation;

/// <summary>Watches a plan run: timings, traces, checks.</summary>
public interface IPlanObserver
{
    /// <summary>Before call <paramref name="index"/>.</summary>
    void Starting(int index, PlannedCall call);

    /// <summary>After call <paramref name="index"/>.</summary>
    void Finished(int index, PlannedCall call);
}
