using Sunet.Native.Compilation;

namespace Sunet.Native.Tests.Lifetimes;

/// <summary>An observer that calls back after every call of a plan.</summary>
internal sealed class Observer(Action finished) : IPlanObserver
{
    public void Starting(int index, PlannedCall call)
    {
    }

    public void Finished(int index, PlannedCall call) => finished();
}
