namespace Sunet.Native.Backends.Cuda.Kernels;

/// <summary>Launches between the ops of two steps: sums of gradients, checks, updates of parameters.</summary>
internal static class UpdateLaunches
{
    /// <summary>Threads of the kernel that checks a step: one warp, of which one thread works.</summary>
    private const int GuardThreads = 32;

    /// <summary>Adds x to y, float32, element by element.</summary>
    public static KernelLaunch Accumulate(CudaKernels kernels, long count, nint x, nint y) =>
        new(kernels.Get("accumulate"), CudaGrid.Contiguous(count, 4), CudaGrid.Block, x, y, count);

    /// <summary>Blocks whose sums of squares the blocks of the following launch add up each on its own, so that they are few.</summary>
    public const int MostSquares = 256;

    /// <summary>The blocks that sum the squares of so many elements.</summary>
    public static int Squares(long count) => Math.Min(CudaGrid.Contiguous(count, 4).X, MostSquares);

    /// <summary>The partial sums of squares, as many as <see cref="Squares"/> says, float64.</summary>
    public static KernelLaunch SumOfSquares(CudaKernels kernels, long count, nint x, nint partial) =>
        new(kernels.Get("sum_of_squares"), (Squares(count), 1, 1), CudaGrid.Block, x, count, partial);

    /// <summary>Scales x so that its norm, from the partial sums, is at most the given one.</summary>
    public static KernelLaunch ClipNorm(CudaKernels kernels, long count, nint x, nint partial, float maxNorm) =>
        new(kernels.Get("clip_norm"), CudaGrid.Contiguous(count, 4), CudaGrid.Block, x, count, partial, Squares(count), maxNorm);

    /// <summary>Sets a flag if an element is NaN or infinite.</summary>
    public static KernelLaunch FiniteCheck(CudaKernels kernels, bool bf16, long count, nint x, nint flag) => new(
        kernels.Get("finite_check" + (bf16 ? "_bf16" : "_f32")), CudaGrid.Contiguous(count, bf16 ? 8 : 4), CudaGrid.Block, x, count, flag);

    /// <summary>Sets the guard of a step from its loss, its labels and the flag of its gradients, and writes the step's record.</summary>
    public static KernelLaunch StepGuard(CudaKernels kernels, nint loss, nint invalid, nint flag, nint guard, nint record) =>
        new(kernels.Get("step_guard"), (1, 1, 1), GuardThreads, loss, invalid, flag, guard, record);

    /// <summary>One update of stochastic gradient descent; the rates lie on the device. It does nothing while the guard is not 0.</summary>
    public static KernelLaunch Sgd(
        CudaKernels kernels, long count, nint parameters, nint copy, nint gradients, nint velocity, nint rates, nint guard) =>
        new(kernels.Get("sgd_update"), CudaGrid.Contiguous(count, 4), CudaGrid.Block, parameters, gradients, velocity, copy, count, rates,
            guard);
}
