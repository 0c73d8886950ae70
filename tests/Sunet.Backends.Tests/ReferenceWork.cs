using Sunet.Native.Backends;

namespace Sunet.Backends.Tests;

/// <summary>Managed work made ready to run many times.</summary>
internal sealed class ReferenceWork(Action work) : PreparedWork
{
    protected override void Work() => work();
}
