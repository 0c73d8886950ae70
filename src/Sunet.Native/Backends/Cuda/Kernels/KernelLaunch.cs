using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda.Kernels;

/// <summary>A kernel with its grid and arguments, settled once and launched as often as wanted without allocating.</summary>
internal sealed unsafe class KernelLaunch
{
    /// <summary>The most blocks along y, and along z.</summary>
    public const int MaxGridYz = 65535;

    private readonly CudaKernel kernel;
    private readonly (int X, int Y, int Z) grid;
    private readonly int block;
    private readonly int[] sizes;

    // On the pinned heap, because it holds its own addresses: first the pointers, then what they point to.
    private readonly nint[] memory;

    /// <summary>Settles a launch.</summary>
    /// <param name="kernel">From <see cref="CudaKernels.Get"/>.</param>
    /// <param name="grid">Blocks along x, y and z.</param>
    /// <param name="block">Threads of a block.</param>
    /// <param name="arguments">In the kernel's order; the types must be the kernel's.</param>
    /// <exception cref="ArgumentOutOfRangeException">The grid or block is more than the device or the kernel takes, or nothing.</exception>
    public KernelLaunch(CudaKernel kernel, (int X, int Y, int Z) grid, int block, params ReadOnlySpan<KernelArgument> arguments)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(grid.X, 1, nameof(grid));
        ArgumentOutOfRangeException.ThrowIfLessThan(grid.Y, 1, nameof(grid));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(grid.Y, MaxGridYz, nameof(grid));
        ArgumentOutOfRangeException.ThrowIfLessThan(grid.Z, 1, nameof(grid));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(grid.Z, MaxGridYz, nameof(grid));
        ArgumentOutOfRangeException.ThrowIfLessThan(block, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(block, kernel.MaxThreads);
        this.kernel = kernel;
        this.grid = grid;
        this.block = block;
        int count = arguments.Length;
        sizes = new int[count];
        memory = GC.AllocateArray<nint>(2 * count, pinned: true);
        fixed (nint* first = memory)
        {
            for (int i = 0; i < count; i++)
            {
                first[i] = (nint)(first + count + i);
                first[count + i] = (nint)arguments[i].Bits;
                sizes[i] = arguments[i].Size;
            }
        }
    }

    /// <summary>The kernel's name.</summary>
    public string Name => kernel.Name;

    /// <summary>The bytes of each argument, to be compared with what the kernel takes.</summary>
    public ReadOnlySpan<int> ArgumentSizes => sizes;

    /// <summary>Queues the kernel. Allocates nothing; needs the device entered.</summary>
    /// <param name="stream">The raw stream.</param>
    /// <param name="layer">The op kind and layer at work, for the error's sentence.</param>
    /// <exception cref="BackendException">The driver refused the launch, or earlier work failed.</exception>
    public void Run(nint stream, string layer)
    {
        int result;
        fixed (nint* arguments = memory)
        {
            result = CudaDriver.LaunchKernel(
                kernel.Function, (uint)grid.X, (uint)grid.Y, (uint)grid.Z, (uint)block, 1, 1, 0, stream, (void**)arguments, null);
        }

        if (result != 0)
            CudaStatus.ThrowIfFailed(result, $"cuLaunchKernel({kernel.Name})", layer);
    }
}
