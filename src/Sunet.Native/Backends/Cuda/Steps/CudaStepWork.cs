using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Backends.Cuda.Kernels;
using Sunet.Native.Backends.Cuda.Running;

namespace Sunet.Native.Backends.Cuda.Steps;

/// <summary>What happens to parameters between two steps on a GPU: the check of the step, sums of gradients, updates.</summary>
internal sealed class CudaStepWork(CudaRun run, CudaStepGuard guard, CudaTransfers transfers) : IStepWork
{
    /// <summary>Prepares a finite check over the gradients, and the kernel that sets the guard.</summary>
    public PreparedWork PrepareCheck(nint loss, nint invalid, long count, nint gradients)
    {
        using DeviceScope current = run.Use();
        return new LaunchedWork(run, guard.Flag,
            UpdateLaunches.FiniteCheck(run.Kernels, bf16: false, count, gradients, guard.Flag),
            UpdateLaunches.StepGuard(run.Kernels, loss, invalid, guard.Flag, guard.Guard, guard.Record));
    }

    /// <inheritdoc/>
    public StepCheck LastCheck()
    {
        using DeviceScope current = run.Use();
        return guard.LastCheck();
    }

    /// <inheritdoc/>
    public PreparedWork PrepareAccumulate(long count, nint x, nint y)
    {
        using DeviceScope current = run.Use();
        return new LaunchedWork(run, 0, UpdateLaunches.Accumulate(run.Kernels, count, x, y));
    }

    /// <inheritdoc/>
    public PreparedWork PrepareClip(long count, nint x, float maxNorm)
    {
        using DeviceScope current = run.Use();
        return new CudaClip(run, count, x, maxNorm);
    }

    /// <inheritdoc/>
    public ParameterUpdate PrepareUpdate(in SgdArguments arguments, long count, nint parameters, nint copy, nint gradients, nint velocity)
    {
        using DeviceScope current = run.Use();
        return new CudaSgd(run, transfers, arguments, count, parameters, copy, gradients, velocity);
    }
}
