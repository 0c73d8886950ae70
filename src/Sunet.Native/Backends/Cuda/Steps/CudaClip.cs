using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Backends.Cuda.Kernels;
using Sunet.Native.Backends.Cuda.Memory;
using Sunet.Native.Backends.Cuda.Running;

namespace Sunet.Native.Backends.Cuda.Steps;

/// <summary>The limit of a norm: one launch sums squares, another scales.</summary>
internal sealed class CudaClip : PreparedWork
{
    private readonly CudaRun run;
    private readonly DeviceBlock partial;
    private readonly KernelLaunch squares, scale;

    /// <summary>Allocates room for the sums on the device, which is current meanwhile.</summary>
    public CudaClip(CudaRun run, long count, nint x, float maxNorm)
    {
        this.run = run;
        partial = run.Pool.Allocate(UpdateLaunches.Squares(count) * sizeof(double), run.Stream);
        squares = UpdateLaunches.SumOfSquares(run.Kernels, count, x, partial.Address);
        scale = UpdateLaunches.ClipNorm(run.Kernels, count, x, partial.Address, maxNorm);
    }

    protected override void Work()
    {
        using DeviceScope current = run.Use();
        squares.Run(run.Stream.Raw, squares.Name);
        scale.Run(run.Stream.Raw, scale.Name);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            run.Pool.Free(partial, run.Stream);
        base.Dispose(disposing);
    }
}
