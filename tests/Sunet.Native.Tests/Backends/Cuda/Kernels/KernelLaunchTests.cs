using System.Runtime.InteropServices;
using System.Text;
using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Backends.Cuda.Kernels;
using Sunet.Native.Backends.Cuda.Memory;
using Sunet.Native.Tests.Backends.Cuda.Memory;

namespace Sunet.Native.Tests.Backends.Cuda.Kernels;

public sealed class KernelLaunchTests : EmulatorTest
{
    private const int Count = 1000;
    private const int Block = 256;

    [Fact]
    public void Run_Accumulate_AddsAsOftenAsLaunched()
    {
        using CudaDevice device = CudaDevice.Open(0);
        using var pool = new DevicePool(device);
        using CudaKernels kernels = CudaKernels.Load(device);
        using CudaStream stream = CudaStream.Create(device);
        using PinnedBuffer x = PinnedBuffer.Create(device, Count * sizeof(float)), y = PinnedBuffer.Create(device, Count * sizeof(float));
        using DeviceScope scope = device.Use();
        DeviceBlock dx = pool.Allocate(x.Bytes, stream), dy = pool.Allocate(y.Bytes, stream);
        for (int i = 0; i < Count; i++)
        {
            MemoryMarshal.Cast<byte, float>(x.Span)[i] = i;
            MemoryMarshal.Cast<byte, float>(y.Span)[i] = 1;
        }

        DeviceMemory.Upload(x, dx.Address, stream);
        DeviceMemory.Upload(y, dy.Address, stream);
        KernelLaunch launch = Accumulate(kernels, dx.Address, dy.Address);
        launch.Run(stream.Raw, "test");
        GC.Collect();
        launch.Run(stream.Raw, "test");
        byte[] bytes = DeviceMemory.Read(device, dy.Address, (int)y.Bytes, stream);
        Assert.Equal(Enumerable.Range(0, Count).Select(i => 1f + 2 * i), MemoryMarshal.Cast<byte, float>(bytes).ToArray());
        pool.Free(dx, stream);
        pool.Free(dy, stream);
    }

    [Fact]
    public void Run_Steady_AllocatesNothing()
    {
        using CudaDevice device = CudaDevice.Open(0);
        using var pool = new DevicePool(device);
        using CudaKernels kernels = CudaKernels.Load(device);
        using CudaStream stream = CudaStream.Create(device);
        using DeviceScope scope = device.Use();
        DeviceBlock x = pool.Allocate(Count * sizeof(float), stream), y = pool.Allocate(Count * sizeof(float), stream);
        KernelLaunch launch = Accumulate(kernels, x.Address, y.Address);
        launch.Run(stream.Raw, "test");
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10; i++)
            launch.Run(stream.Raw, "test");
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        stream.Synchronize();
        pool.Free(x, stream);
        pool.Free(y, stream);
    }

    [Fact]
    public unsafe void Arguments_Accumulate_HaveTheKernelsSizes()
    {
        using CudaDevice device = CudaDevice.Open(0);
        using CudaKernels kernels = CudaKernels.Load(device);
        int* sizes = stackalloc int[8];
        int count = Emulator.KernelParameters("accumulate", sizes, 8);
        Assert.Equal([.. new Span<int>(sizes, count).ToArray().Select(Math.Abs)], Accumulate(kernels, 256, 256).ArgumentSizes.ToArray());
        KernelArgument[] each = [(nint)1, 2, 3L, 4f];
        Assert.Equal([8, 4, 8, 4], each.Select(a => a.Size));
        Assert.Equal([1, 2, 3, 0x40800000], each.Select(a => a.Bits));
    }

    [Fact]
    public void Get_Twice_AsksTheDriverOnceAndReadsItsLimits()
    {
        using CudaDevice device = CudaDevice.Open(0);
        using CudaKernels kernels = CudaKernels.Load(device);
        CudaKernel kernel = kernels.Get("accumulate");
        long calls = Emulator.Calls();
        Assert.Same(kernel, kernels.Get("accumulate"));
        Assert.Equal(calls, Emulator.Calls());
        Assert.Equal(Emulator.KernelBlock("accumulate"), kernel.MaxThreads);
    }

    [Fact]
    public void Get_NoSuchKernel_NamesIt()
    {
        using CudaDevice device = CudaDevice.Open(0);
        using CudaKernels kernels = CudaKernels.Load(device);
        BackendException error = Assert.Throws<BackendException>(() => kernels.Get("no_such_kernel"));
        Assert.Contains("'no_such_kernel'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_DamagedText_NamesDeviceAndReason()
    {
        using CudaDevice device = CudaDevice.Open(0);
        BackendException error = Assert.Throws<BackendException>(
            () => CudaKernels.Load(device, Encoding.ASCII.GetBytes("this is no assembly\0")));
        Assert.Contains("do not compile for device 0 (Sunet emulator, compute capability 9.0)", error.Message, StringComparison.Ordinal);
        Assert.Contains("CUDA_ERROR_", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, Emulator.Outstanding(EmulatedKind.Modules));
        Emulator.ClearViolations();
    }

    [Fact]
    public void Constructor_GridOrBlockOutOfRange_IsRefused()
    {
        using CudaDevice device = CudaDevice.Open(0);
        using CudaKernels kernels = CudaKernels.Load(device);
        CudaKernel kernel = kernels.Get("accumulate");
        Assert.Throws<ArgumentOutOfRangeException>(() => new KernelLaunch(kernel, (0, 1, 1), Block));
        Assert.Throws<ArgumentOutOfRangeException>(() => new KernelLaunch(kernel, (1, 65536, 1), Block));
        Assert.Throws<ArgumentOutOfRangeException>(() => new KernelLaunch(kernel, (1, 1, 65536), Block));
        Assert.Throws<ArgumentOutOfRangeException>(() => new KernelLaunch(kernel, (1, 1, 1), kernel.MaxThreads + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new KernelLaunch(kernel, (1, 1, 1), 0));
    }

    [Fact]
    public void Run_LaunchFails_NamesKernelAndLayer()
    {
        using CudaDevice device = CudaDevice.Open(0);
        using CudaKernels kernels = CudaKernels.Load(device);
        using CudaStream stream = CudaStream.Create(device);
        using DeviceScope scope = device.Use();
        KernelLaunch launch = Accumulate(kernels, 256, 256);
        Emulator.FailCall(1, 0);
        BackendException error = Assert.Throws<BackendException>(() => launch.Run(stream.Raw, "Add 'u1/sum'"));
        Assert.StartsWith("Add 'u1/sum': cuLaunchKernel(accumulate)", error.Message, StringComparison.Ordinal);
        Assert.Equal("Add 'u1/sum'", error.Layer);
    }

    private static KernelLaunch Accumulate(CudaKernels kernels, nint x, nint y) =>
        new(kernels.Get("accumulate"), ((Count + Block - 1) / Block, 1, 1), Block, x, y, (long)Count);
}
