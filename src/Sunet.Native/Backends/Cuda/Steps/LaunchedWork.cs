using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Backends.Cuda.Kernels;
using Sunet.Native.Backends.Cuda.Running;

namespace Sunet.Native.Backends.Cuda.Steps;

/// <summary>Kernels beside the graph's ops, behind a flag that is cleared first if there is one.</summary>
/// <param name="run">Where they are queued.</param>
/// <param name="flag">The address of an int32 that is cleared first; 0 for none.</param>
/// <param name="launches">What runs, in this order.</param>
internal sealed class LaunchedWork(CudaRun run, nint flag, params KernelLaunch[] launches) : PreparedWork
{
    protected override void Work()
    {
        using DeviceScope current = run.Use();
        if (flag != 0)
            run.Stream.Clear(flag, sizeof(int));
        foreach (KernelLaunch launch in launches)
            launch.Run(run.Stream.Raw, launch.Name);
    }
}
