namespace Sunet.Native.Backends.Cpu.Steps;

/// <summary>Managed work made ready to run many times.</summary>
/// <param name="perform">Where it runs.</param>
/// <param name="work">What runs.</param>
internal sealed class CpuWork(Action<Action> perform, Action work) : PreparedWork
{
    protected override void Work() => perform(work);
}
