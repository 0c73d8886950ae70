using Sunet.Native.Backends.Cpu.Layout;
using Sunet.Native.Backends.Cpu.Threads;
using Sunet.Native.Interop.Cpu;

namespace Sunet.Native.Backends.Cpu.Running;

/// <summary>How convolutions of a graph are made.</summary>
/// <param name="Purpose">What the plan is for.</param>
/// <param name="Threads">Threads a call uses.</param>
/// <param name="Winograd">Whether dense 3x3 convolutions may be made by Winograd's algorithm.</param>
/// <param name="Float16Products">Whether convolutions in bfloat16 may be made of products in float16.</param>
internal readonly record struct CpuSettings(PlanPurpose Purpose, int Threads, bool Winograd, bool Float16Products);

/// <summary>
/// What the calls of one graph share: the native context, where work runs, how values lie, and whether the step at work is sound. It owns
/// the context and the formats, and keeps the runners until it is disposed.
/// </summary>
internal sealed unsafe class CpuRun : IDisposable
{
    private readonly CpuRunners runners;
    private readonly CpuMemoryHandle one;

    /// <param name="settings">How convolutions are made.</param>
    /// <param name="runners">Where everything that may wake OpenMP's threads runs.</param>
    /// <param name="layouts">How values lie; this object's from here on.</param>
    /// <param name="biasGradients">Which gradients of biases are found beside those of weights.</param>
    /// <exception cref="BackendException">The native library failed.</exception>
    public CpuRun(CpuSettings settings, CpuRunners runners, CpuFormats layouts, CpuBiasGradients biasGradients)
    {
        Settings = settings;
        this.runners = runners;
        Layouts = layouts;
        BiasGradients = biasGradients;
        Context = CpuContextHandle.Create(settings.Threads);
        try
        {
            one = CpuMemoryHandle.Allocate(sizeof(float));
        }
        catch
        {
            Context.Dispose();
            throw;
        }

        *(float*)one.Raw = 1;
        runners.Share();
    }

    /// <summary>The native context of the graph.</summary>
    public CpuContextHandle Context { get; }

    /// <summary>How values lie.</summary>
    public CpuFormats Layouts { get; }

    /// <summary>How convolutions are made.</summary>
    public CpuSettings Settings { get; }

    /// <summary>Which gradients of biases are found beside those of weights.</summary>
    public CpuBiasGradients BiasGradients { get; }

    /// <summary>The last check of a step; a sound one before the first.</summary>
    public StepCheck LastCheck { get; set; } = new(0, 0, true);

    /// <summary>Where a constant 1 lies.</summary>
    public float* One => (float*)one.Raw;

    /// <summary>Makes one call that may wake OpenMP's threads, or work of several.</summary>
    public void Perform(Action work) => runners.Perform(work);

    /// <summary>Whether no element is NaN or infinite; called on a runner.</summary>
    public bool AllFinite(long count, NativeType type, nint elements)
    {
        int finite = 0;
        NativeStatus.ThrowIfFailed(SunetCpu.AllFinite(Context.Raw, count, type, (void*)elements, &finite), "all_finite", CpuLibrary.File);
        return finite != 0;
    }

    public void Dispose()
    {
        Layouts.Dispose();
        one.Dispose();
        Context.Dispose();
        runners.Dispose();
    }
}
