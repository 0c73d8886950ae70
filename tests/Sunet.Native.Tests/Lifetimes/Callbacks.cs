using Sunet.Native.Compilation;
using Sunet.Native.Models;

namespace Sunet.Native.Tests.Lifetimes;

/// <summary>Progress that calls back on the thread that reports.</summary>
internal sealed class Progress<T>(Action<T> report) : IProgress<T>
{
    public void Report(T value) => report(value);
}

/// <summary>Weights that call back whenever one is read.</summary>
internal sealed class WatchedWeights(SunetModel model) : ISunetWeights
{
    /// <summary>Called with every name.</summary>
    public Action<string>? OnRead { get; set; }

    public SunetSpec Spec => model.Spec;

    public ReadOnlySpan<float> Read(string name)
    {
        OnRead?.Invoke(name);
        return model.Read(name);
    }
}

/// <summary>An observer that calls back after every call of a plan.</summary>
internal sealed class Observer(Action finished) : IPlanObserver
{
    public void Starting(int index, PlannedCall call)
    {
    }

    public void Finished(int index, PlannedCall call) => finished();
}
