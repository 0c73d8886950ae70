using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Backends.Cuda.Kernels;
using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda.Steps;

/// <summary>Kernels beside the graph's ops, behind a flag that is cleared first if there is one.</summary>
internal sealed class LaunchedWork(CudaSession session, nint flag, params KernelLaunch[] launches) : PreparedWork
{
    protected override void Work()
    {
        using CudaDevice.Scope current = session.Device.Use();
        if (flag != 0)
            session.Clear(sizeof(int), flag);
        foreach (KernelLaunch launch in launches)
            launch.Run(session.Stream.Raw, launch.Name);
    }
}
